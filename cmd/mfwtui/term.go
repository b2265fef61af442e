package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/mfwtui/mfwtui/tables"
)

// The rules for words printed outside the console: results go to standard
// output, everything else to standard error. Errors are one line, lower case,
// without a full stop, after the name of the program. Problems of tables are
// one line each, file:line:col: text. Data is never wrapped or coloured.

// terminal is where a command reads and prints.
type terminal struct {
	in       *os.File
	out, err io.Writer
	isTTY    bool // both input and output are a terminal
}

func newTerm(in, out, errOut *os.File) *terminal {
	return &terminal{in: in, out: out, err: errOut,
		isTTY: term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd()))}
}

// discardTyped throws away what was typed before a question was asked: it
// cannot have been meant as the answer.
func discardTyped(in *os.File) {
	_ = unix.IoctlSetInt(int(in.Fd()), unix.TCFLSH, unix.TCIFLUSH) // not a terminal: nothing was typed
}

// printError prints an error for a person; it may have several lines when
// each is a finding of its own.
func printError(w io.Writer, err error) { fmt.Fprintf(w, "mfwtui: %s\n", visible(err.Error())) }

// note tells the person something that is not a result.
func (t *terminal) note(format string, args ...any) {
	fmt.Fprintf(t.err, "mfwtui: %s\n", visible(fmt.Sprintf(format, args...)))
}

// problems prints findings, errors and warnings alike.
func (t *terminal) problems(w io.Writer, list tables.Problems) {
	for _, p := range list {
		word := ""
		if p.Severity == tables.Warning {
			word = "warning: "
		}
		fmt.Fprintln(w, visible(strings.Replace(p.Error(), p.Text, word+p.Text, 1)))
	}
}

// json prints one value, indented for reading.
func (t *terminal) json(v any) error {
	enc := json.NewEncoder(t.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// jsonLine prints one value on one line, for streams.
func (t *terminal) jsonLine(v any) error { return json.NewEncoder(t.out).Encode(v) }

// table prints aligned columns; the first row is the heading.
func (t *terminal) table(rows [][]string) error {
	w := tabwriter.NewWriter(t.out, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		for i := range r {
			r[i] = visible(r[i])
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(r, "\t"), "\t"))
	}
	return w.Flush()
}

// visible makes control characters and bidirectional overrides of text from
// outside readable, so that no table or rule can speak to the terminal.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || r == '\t' || (r >= 0x20 && r != 0x7f && (r < 0x80 || r > 0x9f) && !isFormat(r)) {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, "\\u%04x", r)
	}
	return b.String()
}

// isFormat reports whether a rune changes how its neighbours are shown.
func isFormat(r rune) bool {
	return r == 0x061c || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff
}
