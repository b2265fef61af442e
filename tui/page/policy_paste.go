package page

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// Copied is the marked rows, or else the selected one, as they stand in the
// file; of the list of uses it is all of it.
func (p *Policy) Copied() string {
	set := p.Desk.Set()
	switch {
	case set == nil || p.list != nil || p.panel != nil:
		return ""
	case p.uses != nil:
		return p.uses.copied()
	}
	var b strings.Builder
	for _, num := range p.chosen() {
		b.WriteString(set.File(p.kind).Line(num).String() + "\n")
	}
	return b.String()
}

// TakesPaste reports whether rows can be pasted here: over the table, not over
// a list.
func (p *Policy) TakesPaste() bool { return p.Typing() || p.Desk.Set() != nil }

// takePaste puts a text where it was pasted: into what is being typed, or below
// the selected row.
func (p *Policy) takePaste(text string) Effect {
	switch {
	case p.rename != nil:
		p.rename.editor.Insert(strings.TrimSpace(text))
		return p.renameChanged()
	case p.Typing():
		return p.paste(text)
	case p.Desk.Set() == nil:
		return Effect{}
	}
	return p.pasteRows(text)
}

// maxPasted is how many rows one paste may bring. A longer one is more likely a
// mistake than a wish, and belongs into an editor.
const maxPasted = 2000

// pasteRows inserts the rows of a text below the selected one, all or none, in
// one step. A paste is never taken for keys.
func (p *Policy) pasteRows(text string) Effect {
	if p.list != nil || p.uses != nil || p.panel != nil {
		return say(Warn, "not pasted: rows can be pasted into a table; Esc leads back to it")
	}
	rows, skipped, err := pastedRows(p.kind, text)
	switch {
	case err != nil:
		return say(Bad, "not pasted: %v", err)
	case len(rows) == 0:
		return say(Warn, "not pasted: there is no row in the text")
	}
	file := p.Desk.Set().File(p.kind)
	at := desk.Place{Kind: p.kind, Line: len(file.Lines) + 1}
	if here, ok := p.place(); ok {
		at = desk.Place{Kind: p.kind, Line: here.Line + 1, Cell: here.Cell}
	}
	if err := p.Desk.Edit(at, func(f *tables.File) error { return insertRows(f, at.Line, rows) }); err != nil {
		return say(Bad, "not pasted: %v", err)
	}
	p.jump(at)
	done := widget.Format("%s pasted into %s", words.Plural(len(rows), "row"), p.kind)
	if skipped > 0 {
		done += widget.Format(", %s left out", words.Plural(skipped, "comment"))
	}
	return Effect{Cmd: p.Desk.Check(p.Calls), Say: &Note{Text: done + widget.Format(" (%s takes it back)", p.undoKey()), Kind: Good}}
}

// pastedRows reads the rows of a text. Each must have the cells of the table;
// blank lines and comments are left out, and the comments counted.
func pastedRows(k tables.Kind, text string) (rows []*tables.Line, comments int, err error) {
	for i, line := range tables.Parse(k, []byte(text)).Lines {
		want := len(k.Columns())
		switch {
		case line.IsComment():
			comments++
		case len(line.Cells) == 0:
		case len(line.Cells) != want:
			return nil, 0, fmt.Errorf("line %d has %s, a row of %s has %d", i+1, words.Plural(len(line.Cells), "cell"), k, want)
		case len(rows) == maxPasted:
			return nil, 0, fmt.Errorf("more than %d rows", maxPasted)
		default:
			rows = append(rows, line)
		}
	}
	return rows, comments, nil
}

// insertRows makes rows from a line number on, in the columns of those around.
func insertRows(f *tables.File, num int, rows []*tables.Line) error {
	for i, row := range rows {
		if err := f.InsertRow(num+i, row.Texts()); err != nil {
			return err
		}
		if row.Disabled {
			if err := f.Disable(num + i); err != nil {
				return err
			}
		}
	}
	return nil
}
