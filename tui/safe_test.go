package tui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// A conversion to widget.Safe of anything but a constant would get a text past the sanitiser without
// being seen, so there is none: text becomes safe through Clean and Format.
func TestNoTextGetsPastTheSanitiser(t *testing.T) {
	for _, dir := range []string{".", "page", "desk", "find", "words"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no source in %s: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || sel.Sel.Name != "Safe" {
					return true
				}
				if _, constant := call.Args[0].(*ast.BasicLit); !constant {
					t.Errorf("%s converts to Safe", set.Position(call.Pos()))
				}
				return true
			})
		}
	}
}
