package tui

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/tui/widget"
)

// The part of the README that is written from the key maps.
const (
	readme     = "../README.md"
	keysBegin  = "<!-- The key maps of the program write this table: go test ./tui -run KeysOfTheReadme -update -->\n"
	keysEnd    = "<!-- end of the keys -->\n"
	markdownOr = `\|`
)

// keyTable writes the help as a table with a line for each section.
func keyTable(h *help) string {
	var b strings.Builder
	b.WriteString("| where | keys |\n| --- | --- |\n")
	for _, s := range h.sections {
		var items []string
		for _, item := range s.items {
			items = append(items, fmt.Sprintf("`%s` %s", escaped(item.label), escaped(item.does)))
		}
		fmt.Fprintf(&b, "| %s | %s |\n", escaped(s.title), strings.Join(items, " · "))
	}
	return b.String()
}

func escaped(s widget.Safe) string { return strings.ReplaceAll(string(s), "|", markdownOr) }

func TestKeysOfTheReadmeAreThoseOfTheProgram(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		data, err := os.ReadFile(readme)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok := strings.Cut(string(data), keysBegin)
		_, after, ok2 := strings.Cut(rest, keysEnd)
		if !ok || !ok2 {
			t.Fatalf("%s has no marks around its keys", readme)
		}
		want := before + keysBegin + keyTable(newHelp(c.model)) + keysEnd + after
		if want == string(data) {
			return
		}
		if !*update {
			t.Fatalf("the keys of %s are not those of the program; go test ./tui -run KeysOfTheReadme -update writes them anew", readme)
		}
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	})
}
