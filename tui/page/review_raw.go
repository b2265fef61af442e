package page

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// rawText is the text that the restore tools would be given.
type rawText struct {
	ask   desk.Request
	lines []desk.RestoreLine
	view  *widget.Diff
	err   error
}

// openRaw asks for the text.
func (r *Review) openRaw() Effect {
	r.raw = &rawText{view: widget.NewDiff()}
	return Effect{Cmd: r.Calls.Payload(&r.raw.ask, r.preview)}
}

func (r *Review) rawKey(k tea.KeyPressMsg) {
	keys, c := &r.keys, &r.comparison.keys
	switch {
	case keys.Raw.Is(k), keys.Close.Is(k):
		r.raw = nil
	case c.Next.Is(k), c.Prev.Is(k):
		r.raw.view.Section(c.Next.Is(k))
	default:
		r.raw.view.Key(k)
	}
}

func (t *rawText) take(m desk.PayloadMsg) {
	if t == nil || !t.ask.Done(m.N) {
		return
	}
	t.lines, t.err = m.Lines, m.Err
	src := widget.DiffSource{Len: len(t.lines), Line: func(i int) widget.DiffLine {
		return widget.DiffLine{Mark: t.lines[i].Mark, Text: widget.Clean(t.lines[i].Text)}
	}}
	for i, l := range t.lines {
		if l.Mark == '@' {
			src.Heads = append(src.Heads, i)
		}
	}
	t.view.Set(src)
}

// text is the whole text up to a number of bytes.
func (t *rawText) text(most int) string {
	var b strings.Builder
	for _, l := range t.lines {
		if l.Mark == '@' {
			b.WriteString("# ")
		}
		b.WriteString(l.Text)
		b.WriteByte('\n')
		if b.Len() > most {
			break
		}
	}
	return b.String()
}

// render draws the text.
func (t *rawText) render(s *Shared, width, height int) []string {
	head := s.line(width).Put(s.Styles.Strong, " what the restore tools are given")
	switch {
	case t.err != nil:
		return widget.Fit([]string{head.String(), s.line(width).Put(s.Styles.Bad, widget.Format(" it cannot be made: %v", t.err)).String()}, height)
	case t.ask.Busy():
		return widget.Fit([]string{head.String(), " working it out ..."}, height)
	}
	body := t.view.Render(width, height-2, s.Styles)
	first, last, all := t.view.Place()
	head.End(s.Styles.Dim, widget.Format("%d-%d of %d", first, last, all))
	return widget.Fit(append([]string{head.String(), s.rule(width)}, body...), height)
}
