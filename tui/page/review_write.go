package page

import (
	"errors"
	"io/fs"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// savePanel asks for the name of a file.
type savePanel struct {
	edit  *widget.Editor
	quiet widget.Quiet
	ask   desk.Request
	err   error
}

func (p *savePanel) bindings() []widget.Binding {
	return []widget.Binding{widget.Bind("Enter", "write it", "enter"), widget.Bind("Esc", "leave it", "esc")}
}

func (p *savePanel) paste(text string) { p.edit.Insert(text) }

// openSave asks for the name of the file that the difference goes to.
func (r *Review) openSave() Effect {
	r.save = &savePanel{edit: widget.NewEditor(r.Calls.DiffFile()), quiet: widget.NewQuiet(r.Now())}
	return Effect{}
}

func (r *Review) saveKey(k tea.KeyPressMsg) Effect {
	p := r.save
	switch {
	case p.ask.Busy(), p.quiet.Swallow(r.Now()):
	case k.String() == "esc":
		r.save = nil
	case k.String() == "enter":
		return r.write(false)
	default:
		p.edit.Key(k)
		p.err = nil
	}
	return Effect{}
}

// write writes the difference.
func (r *Review) write(replace bool) Effect {
	if r.save == nil || r.comparison.of == nil {
		return Effect{}
	}
	return Effect{Cmd: r.Calls.WriteDiff(&r.save.ask, r.save.edit.Text(), r.comparison.of, r.comparison.impact.Consequences, replace)}
}

// written takes the answer of a write. A file that exists is overwritten only
// after a question.
func (r *Review) written(m desk.WrittenMsg) Effect {
	if r.save == nil || !r.save.ask.Done(m.N) {
		return Effect{}
	}
	if r.save.err = m.Err; m.Err == nil {
		r.save = nil
		return say(Good, "written: %s (%d bytes, only its owner can read it)", m.Path, m.Bytes)
	}
	if errors.Is(m.Err, fs.ErrExist) {
		r.save.err = errors.New("the file exists")
		return Effect{Ask: &Ask{
			Dialog: &widget.Dialog{
				Title:   "Overwrite?",
				Text:    []widget.Safe{widget.Format("%s exists.", m.Path)},
				Choices: []widget.Choice{{Key: "o", Does: "overwrite it"}},
			},
			Then: func(int) Effect { return r.write(true) },
		}}
	}
	return Effect{}
}

// render draws the panel as a box, and says where the cursor is in it.
func (p *savePanel) render(s *Shared, width int) (box []string, cursor Point) {
	inner := width - 4
	text, at := p.edit.View(inner - 1)
	body := []string{
		s.line(inner).Text("The whole difference goes to this file, mode 0600:").String(),
		s.line(inner).Put(s.Styles.Input, text).String(), "",
	}
	if p.err != nil {
		for _, line := range widget.Format("not written: %v", p.err).Wrap(inner) {
			body = append(body, s.line(inner).Put(s.Styles.Bad, line).String())
		}
	}
	body = append(body, s.line(inner).Put(s.Styles.Key, "Enter").Text(" write it   ").Put(s.Styles.Key, "Esc").Text(" leave it").String())
	return widget.Box("Write the difference", body, inner, s.Styles), Point{X: 2 + at, Y: 2}
}
