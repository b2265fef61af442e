package page

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/widget"
)

// formEdit is the form being edited: each key is checked, and what could be
// meant is one key away.
type formEdit struct {
	field   int
	editor  *widget.Editor
	before  packetForm
	offers  []string
	pick    int
	chosen  bool // the person moved through the offers
	problem *fieldProblem
}

// startEdit opens the form at the source, which says most about a packet.
func (e *Explain) startEdit() {
	e.edit = &formEdit{before: e.form}
	e.enterField(srcField)
}

// enterField puts the cursor into a field.
func (e *Explain) enterField(field int) {
	d := e.edit
	d.field = (field + fieldCount) % fieldCount
	d.editor = widget.NewEditor(e.form[d.field])
	d.editor.Solid = true
	e.edited()
}

// edited follows a change of the text.
func (e *Explain) edited() {
	d := e.edit
	e.form[d.field] = d.editor.Text()
	d.offers, d.pick, d.chosen = e.form.offers(d.field, e.Desk.Config()), 0, false
	_, d.problem = e.form.questions(e.Desk.Config(), e.family)
}

// offer is what could be meant; empty when it is what stands there.
func (d *formEdit) offer() string {
	if len(d.offers) == 0 || d.offers[d.pick] == d.editor.Text() {
		return ""
	}
	return d.offers[d.pick]
}

// wrong reports whether the field under the cursor has a problem.
func (d *formEdit) wrong() bool { return d.problem != nil && d.problem.field == d.field }

func (e *Explain) editKey(k tea.KeyPressMsg) Effect {
	d := e.edit
	switch k.String() {
	case "esc":
		e.form, e.edit = d.before, nil
		return Effect{}
	case "enter":
		return e.editEnter()
	case "tab":
		if offer := d.offer(); offer != "" && d.editor.Text() != "" && (d.wrong() || strings.HasPrefix(offer, d.editor.Text())) {
			e.replace(offer)
		} else {
			e.enterField(d.field + 1)
		}
	case "shift+tab":
		e.enterField(d.field - 1)
	case "down", "ctrl+n":
		d.choose(1)
	case "up", "ctrl+p":
		d.choose(-1)
	default:
		if d.editor.Key(k) {
			e.edited()
		}
	}
	return Effect{}
}

func (d *formEdit) choose(by int) {
	if n := len(d.offers); n > 0 {
		if d.chosen || by < 0 {
			d.pick = (d.pick + by + n) % n
		}
		d.chosen = true
	}
}

// editEnter takes what was chosen or what could be meant by a wrong text; else
// it goes on to the next field that is wrong, and when none is, it walks.
func (e *Explain) editEnter() Effect {
	d := e.edit
	switch {
	case d.chosen && d.offer() != "", d.wrong() && d.offer() != "" && d.editor.Text() != "":
		e.replace(d.offer())
		return Effect{}
	case d.wrong():
		return say(Warn, "%s: %s", fieldNames[d.problem.field], d.problem.text)
	case d.problem != nil:
		e.enterField(d.problem.field)
		return Effect{}
	}
	e.edit = nil
	return e.walk()
}

func (e *Explain) replace(text string) {
	e.edit.editor.SetText(text)
	e.edited()
}

func (e *Explain) paste(text string) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	switch {
	case e.edit != nil:
		e.edit.editor.Insert(text)
		e.edited()
	case e.pick != nil:
		e.pick.editor.Insert(text)
		e.pick.fill()
	}
}

func (d *formEdit) bindings() []widget.Binding {
	var none widget.Safe
	if d.offer() == "" {
		none = "nothing to complete"
	}
	enter := "walk"
	if d.problem != nil {
		enter = "mend what is wrong"
	}
	return []widget.Binding{
		widget.Bind("Enter", enter, "enter"),
		widget.Bind("Tab", "complete, or next field", "tab"),
		widget.Bind("^n/^p", "other completion", "down", "up", "ctrl+n", "ctrl+p").Off(none),
		widget.Bind("S-Tab", "field before", "shift+tab"),
		widget.Bind("Esc", "cancel", "esc"),
	}
}
