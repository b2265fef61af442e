package widget

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/style"
)

// Grace is how long the keyboard must have been quiet before a dialog listens.
// A key that was meant for what was on the screen before, or that repeats
// because it is held down, never answers a dialog.
const Grace = 300 * time.Millisecond

// Quiet swallows keys until the keyboard was quiet.
type Quiet struct {
	last  time.Time
	ready bool
}

// NewQuiet starts to listen at a moment.
func NewQuiet(now time.Time) Quiet { return Quiet{last: now} }

// Swallow reports whether a key pressed now must be ignored.
func (q *Quiet) Swallow(now time.Time) bool {
	if !q.ready && now.Sub(q.last) >= Grace {
		q.ready = true
	}
	q.last = now
	return !q.ready
}

// Choice is an answer of a dialog. Esc is always there and means no.
type Choice struct {
	Key  string
	Does Safe
}

// Dialog asks a question. Enter alone answers nothing: each answer has a
// letter of its own, and for the worst a word must be typed.
type Dialog struct {
	Title   Safe
	Text    []Safe
	Choices []Choice
	// Word, when set, must be typed before the first choice counts.
	Word Safe
	// Adjust, when set, gets each key that answers nothing, and says whether
	// it takes it: it may change Text.
	Adjust func(k tea.KeyPressMsg) bool

	quiet Quiet
	early bool // the last key came before the keyboard was quiet
	typed *Editor
}

// Answer is the outcome of a key: Open (still open), No, or the index of a
// choice.
type Answer int

// The answers that are no choice.
const (
	Open Answer = -2
	No   Answer = -1
)

// Show opens the dialog at a moment.
func (d *Dialog) Show(now time.Time) *Dialog {
	d.quiet = NewQuiet(now)
	if d.Word != "" {
		d.typed = NewEditor("")
	}
	return d
}

// Key handles a key.
func (d *Dialog) Key(k tea.KeyPressMsg, now time.Time) Answer {
	if d.early = d.quiet.Swallow(now); d.early || k.IsRepeat {
		return Open
	}
	if k.String() == "esc" {
		return No
	}
	if d.typed != nil {
		return d.wordKey(k)
	}
	if d.Adjust != nil && d.Adjust(k) {
		return Open
	}
	for i, c := range d.Choices {
		if k.String() == c.Key {
			return Answer(i)
		}
	}
	return Open
}

// wordKey types into the word; Enter counts when it is complete.
func (d *Dialog) wordKey(k tea.KeyPressMsg) Answer {
	if k.String() == "enter" {
		if Clean(d.typed.Text()) == d.Word {
			return 0
		}
		return Open
	}
	// A sign may be part of the word.
	if d.Adjust == nil || k.Text != "" || !d.Adjust(k) {
		d.typed.Key(k)
	}
	return Open
}

// Render draws the dialog as a box of at most width by height.
func (d *Dialog) Render(width, height int, st *style.Styles) []string {
	inner := min(width-4, 66)
	if inner < 1 || height < 3 {
		return nil
	}
	var body []string
	for _, text := range d.Text {
		if text == "" {
			body = append(body, "")
		}
		for _, line := range text.Wrap(inner) {
			body = append(body, NewLine(inner, st.Glyphs).Text(line).String())
		}
	}
	answers := d.answers(inner, st)
	room := max(height-2-1-len(answers), 0)
	if len(body) > room {
		body = slices.DeleteFunc(body, func(l string) bool { return l == "" })
	}
	body = body[:min(len(body), room)]
	body = append(append(body, ""), answers...)
	return Box(d.Title, body, inner, st)
}

func (d *Dialog) answers(inner int, st *style.Styles) []string {
	var lines []string
	if d.typed != nil {
		text, _ := d.typed.View(inner - 12)
		lines = append(lines,
			NewLine(inner, st.Glyphs).Text("type ").Put(st.Strong, d.Word).Text(" and press Enter to ").Put(st.Warn, d.Choices[0].Does).String(),
			NewLine(inner, st.Glyphs).Text("> ").Put(st.Input, text).Put(st.Input, "_").String())
	} else {
		for _, c := range d.Choices {
			lines = append(lines, NewLine(inner, st.Glyphs).Cell(st.Key, Clean(c.Key), 4).Text(c.Does).String())
		}
	}
	no := NewLine(inner, st.Glyphs).Cell(st.Key, "Esc", 4).Text("no, go back")
	if d.early {
		no.End(st.Warn, "a key pressed too early did not count")
	}
	return append(lines, no.String())
}

// Box draws lines in a frame; each may be at most inner cells wide.
func Box(title Safe, body []string, inner int, st *style.Styles) []string {
	edge := Safe(st.Glyphs.Vertical)
	top := NewLine(inner+4, st.Glyphs).Put(st.Rule, Safe(st.Glyphs.Horizontal)).Text(" ").Put(st.Strong, title).Text(" ").
		Fill(st.Rule, st.Glyphs.Horizontal).String()
	out := []string{top}
	for _, line := range body {
		l := NewLine(inner+4, st.Glyphs).Put(st.Rule, edge).Text(" ")
		l.b.WriteString(line)
		l.used += lineWidth(line)
		out = append(out, l.To(inner+3).Put(st.Rule, edge).String())
	}
	return append(out, Ruler(inner+4, st))
}
