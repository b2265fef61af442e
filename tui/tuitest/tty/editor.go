package tty

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Editor is a stand-in for a person's $EDITOR that changes nothing: it notes
// how it was called, and what the terminal gave it to read while it was open.
// Answers to queries of the program that started it end up there, if they come
// late.
type Editor struct {
	// Command is the value for EDITOR.
	Command string
	dir     string
}

// NewEditor makes an editor that is open for some time, in tenths of a second
// and below 25 s. Its notes are in dir.
func NewEditor(dir string, open time.Duration) (*Editor, error) {
	e := &Editor{Command: filepath.Join(dir, "editor"), dir: dir}
	script := fmt.Sprintf(`#!/bin/sh
printf '%%s\n' "$@" >'%[1]s/args'
mode=$(stty -g)
stty -icanon -echo min 0 time %[2]d
cat >'%[1]s/heard'
stty "$mode"
`, dir, open.Milliseconds()/100)
	return e, os.WriteFile(e.Command, []byte(script), 0o755)
}

// Args are the arguments of the last call; false before the first one.
func (e *Editor) Args() ([]string, bool) {
	text, err := os.ReadFile(filepath.Join(e.dir, "args"))
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), err == nil
}

// Heard is what reached the editor as if it had been typed.
func (e *Editor) Heard() string {
	text, _ := os.ReadFile(filepath.Join(e.dir, "heard")) // none: it was not called
	return string(text)
}
