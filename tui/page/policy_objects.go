package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// hostKeys are the keys that lead to this host's things and to the person's
// editor.
type hostKeys struct{ Pick, Editor widget.Binding }

func newHostKeys() hostKeys {
	return hostKeys{
		Pick:   widget.Bind("a", "add from this host", "a"),
		Editor: widget.Bind("E", "$EDITOR", "E"),
	}
}

// objectKey makes the object that the edited cell names, or fills the edited
// row from this host. Letters are text there, so it is a control key.
const objectKey = "ctrl+o"

// noPick says why nothing can be added to the shown table from this host.
func (p *Policy) noPick() widget.Safe {
	switch p.kind {
	case tables.Addresses, tables.Services, tables.Interfaces:
		return ""
	}
	return "this host has addresses, services and interfaces to add; Tab shows their tables"
}

// definingKind is the table whose rows make the objects of a class.
func definingKind(class tables.Object) (tables.Kind, bool) {
	for _, k := range tables.Kinds() {
		for _, c := range k.Columns() {
			if c.Object == class && c.Defines && class != tables.NoObject {
				return k, true
			}
		}
	}
	return 0, false
}

// objectBinding is what objectKey does for the edited cell.
func (p *Policy) objectBinding() widget.Binding {
	if p.noPick() == "" {
		return widget.Bind("^o", "fill the row from this host", objectKey)
	}
	class, why := p.newClass()
	if why != "" {
		return widget.Bind("^o", "new object", objectKey).Off(why)
	}
	return widget.Bind("^o", "new "+class.String(), objectKey)
}

// newClass is the class of the object that the edited cell can name; otherwise
// why it names none.
func (p *Policy) newClass() (tables.Object, widget.Safe) {
	e := p.edit
	class, text := e.at.Kind.Columns()[e.at.Cell].Object, e.editor.Text()
	switch {
	case class == tables.NoObject:
		return class, "this cell names no object"
	case strings.HasPrefix(text, tables.GeoPrefix):
		return class, "countries are not objects of these tables"
	}
	for _, c := range tables.Complete(p.Desk.Set(), e.at.Kind, e.at.Cell, text) {
		if c.Text == text {
			return class, widget.Format("%s exists already", text)
		}
	}
	return class, ""
}

// newObject opens the form for the object that the edited cell names, or the
// list of what this host could fill the row with.
func (p *Policy) newObject() Effect {
	if p.noPick() == "" {
		return p.openPick(&p.edit.at)
	}
	class, why := p.newClass()
	if why != "" {
		return Effect{Say: &Note{Text: why, Kind: Warn}}
	}
	return p.openForm(class)
}

// afterRows is the number of the line behind the last row of a table.
func afterRows(f *tables.File) int {
	num := len(f.Lines) + 1
	for num > 1 && len(f.Lines[num-2].Cells) == 0 {
		num--
	}
	if num == 1 { // no row yet: below the comments
		num = len(f.Lines) + 1
	}
	return num
}
