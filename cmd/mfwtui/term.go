package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
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

// printError prints an error for a person, on one line also where several were
// joined.
func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "mfwtui: %s\n", visible(strings.ReplaceAll(err.Error(), "\n", "; ")))
}

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
func (t *terminal) json(v any) error { return t.encode(v, "  ") }

// jsonLine prints one value on one line, for streams.
func (t *terminal) jsonLine(v any) error { return t.encode(v, "") }

func (t *terminal) encode(v any, indent string) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := t.out.Write(asciiJSON(text.Bytes()))
	return err
}

// columnGap is the room between two columns.
const columnGap = 2

// table prints aligned columns; the first row is the heading.
func (t *terminal) table(rows [][]string) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 8, columnGap, ' ', 0)
	for _, r := range rows {
		for i := range r {
			r[i] = visible(r[i])
		}
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	out := bufio.NewWriter(t.out)
	for line := range strings.Lines(text.String()) {
		fmt.Fprintln(out, strings.TrimRight(line, " \n"))
	}
	return out.Flush()
}

// columns prints aligned columns as table does, without holding the rows: they
// are made twice, for their widths and for the text, and every row may use the
// room of the one before. What is not printable ASCII must have been made so.
func (t *terminal) columns(rows iter.Seq[[][]byte]) error {
	var widths []int
	for r := range rows {
		widths = slices.Grow(widths, max(len(r)-len(widths), 0))[:max(len(r), len(widths))]
		for i, cell := range r {
			widths[i] = max(widths[i], utf8.RuneCount(cell))
		}
	}
	out := bufio.NewWriterSize(t.out, 64<<10)
	var line []byte
	for r := range rows {
		line = line[:0]
		for i, cell := range r {
			line = append(line, cell...)
			for n := utf8.RuneCount(cell); n < widths[i]+columnGap; n++ {
				line = append(line, ' ')
			}
		}
		out.Write(append(bytes.TrimRight(line, " "), '\n'))
	}
	return out.Flush() // the first error of all writes
}

// jsonList prints what json would of a value with an empty list in it, or jsonLine
// without indent, with elements in the list, one at a time. The list is the last
// field of the value.
func (t *terminal) jsonList(v any, elements iter.Seq[any], indent string) error {
	marshal, newline := json.Marshal, ""
	if indent != "" {
		marshal = func(v any) ([]byte, error) { return json.MarshalIndent(v, "", indent) }
		newline = "\n" + indent
	}
	text, err := marshal(v)
	if err != nil {
		return err
	}
	empty := bytes.LastIndex(text, []byte("[]"))
	head, tail := text[:empty], text[empty+len("[]"):]
	out := bufio.NewWriterSize(t.out, 64<<10)
	out.Write(asciiJSON(head))
	before, after := "[", "[]"
	for e := range elements {
		one, err := marshal(e)
		if err != nil {
			return err
		}
		if indent != "" {
			one = bytes.ReplaceAll(one, []byte("\n"), []byte(newline+indent))
		}
		out.WriteString(before + newline + indent)
		out.Write(asciiJSON(one))
		before, after = ",", newline+"]"
	}
	out.WriteString(after)
	out.Write(append(asciiJSON(tail), '\n'))
	return out.Flush() // the first error of all writes
}

// visible is text from outside on one line: whatever could act on the terminal
// or be invisible is shown as an escape, so that no table or rule can speak to
// the terminal.
func visible(s string) string { return string(widget.Clean(s)) }

// visibleLines is visible for a text of several lines.
func visibleLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = visible(l)
	}
	return strings.Join(lines, "\n")
}

// asciiJSON escapes what is not ASCII in JSON, which means the same to its
// reader and nothing to a terminal.
func asciiJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case r < 0x7f: // the encoder escapes control characters itself
			out = append(out, byte(r))
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}
