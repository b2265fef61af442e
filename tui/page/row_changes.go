package page

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// rowChanges lists changed table rows: each in one line, or in two where there
// is no room.
type rowChanges struct {
	rows  []engine.RowEffect
	at    int
	top   int
	page  int // rows that fit
	tall  int // lines of a row
	moves widget.Movement
}

func newRowChanges() rowChanges { return rowChanges{page: 10, moves: widget.Moves()} }

func (c *rowChanges) set(rows []engine.RowEffect) {
	c.rows = rows
	c.at = max(min(c.at, len(rows)-1), 0)
}

// selected is the selected change; nil when there is none.
func (c *rowChanges) selected() *engine.RowEffect {
	if len(c.rows) == 0 {
		return nil
	}
	return &c.rows[c.at]
}

// key handles movement.
func (c *rowChanges) key(k tea.KeyPressMsg) {
	if at, ok := c.moves.Step(k, c.at, len(c.rows), c.page); ok {
		c.at = at
	}
}

// choose selects the change on a line of what was drawn last; false for none.
func (c *rowChanges) choose(line int) (again, ok bool) {
	at := c.top + line/max(c.tall, 1)
	if line < 0 || at >= min(c.top+c.page, len(c.rows)) {
		return false, false
	}
	again, c.at = c.at == at, at
	return again, true
}

// step goes to the next change or the one before.
func (c *rowChanges) step(forward bool) {
	if forward {
		c.at = min(c.at+1, max(len(c.rows)-1, 0))
	} else {
		c.at = max(c.at-1, 0)
	}
}

// oneLine is from which width on a change takes one line.
const oneLine = 72

func (c *rowChanges) render(width, height int, s *Shared) []string {
	c.tall = 2
	if width >= oneLine {
		c.tall = 1
	}
	c.page = max(height/c.tall, 1)
	if len(c.rows) == 0 {
		return widget.Fit([]string{s.line(width).Put(s.Styles.Dim, " no row of the tables differs").String()}, height)
	}
	c.top = max(min(c.top, len(c.rows)-c.page), 0)
	if c.at < c.top {
		c.top = c.at
	}
	if c.at >= c.top+c.page {
		c.top = c.at - c.page + 1
	}
	var lines []string
	for i := c.top; i < min(c.top+c.page, len(c.rows)); i++ {
		lines = append(lines, c.row(i, width, s)...)
	}
	return widget.Fit(lines, height)
}

func (c *rowChanges) row(i, width int, s *Shared) []string {
	e := &c.rows[i]
	st := s.Styles
	m := words.RowMark(e)
	how := lookOf(m, st)
	l := s.line(width)
	if i == c.at {
		l.Put(st.Selected, ">")
	} else {
		l.Text(" ")
	}
	l.Put(how, widget.Format("%c ", m)).Cell(st.Strong, widget.Clean(words.RowPlace(e)), 14)
	warn := widget.Safe("")
	if e.Missing != "" {
		warn = "! "
	}
	if c.tall == 1 {
		return []string{l.Cell(st.Text, words.RowHead(e), headWidth).Text(" ").Put(st.Warn, warn).Put(how, words.RowTail(e)).String()}
	}
	return []string{
		l.Text(words.RowHead(e)).String(),
		s.line(width).Text("     ").Put(st.Warn, warn).Put(how, words.RowTail(e)).String(),
	}
}

// headWidth is the room for what says which row it is.
const headWidth = 26

// lookOf is the style of a mark.
func lookOf(m byte, st *style.Styles) style.Style {
	switch m {
	case '+':
		return st.Added
	case '-':
		return st.Removed
	}
	return st.Changed
}

// effectLines say what the selected change does, and what its rules counted
// where they count.
func effectLines(e *engine.RowEffect, counted bool, s *Shared, width int) []string {
	if e == nil {
		return nil
	}
	st := s.Styles
	lines := []string{
		s.line(width).Put(st.Strong, widget.Format(" %s", words.RowPlace(e))).Text(widget.Format("  %s", words.RowHead(e))).String(),
	}
	for _, part := range words.RowTail(e).Wrap(width - 4) {
		lines = append(lines, s.line(width).Text("   ").Put(lookOf(words.RowMark(e), st), part).String())
	}
	lines = append(lines, s.line(width).Text(widget.Format("   %s", ruleWords(e))).String())
	if counted {
		lines = append(lines, s.line(width).Text(widget.Format("   %s", hitWords(e))).String())
	}
	if e.Missing != "" {
		lines = append(lines, s.line(width).Put(st.Warn, widget.Format(" ! %s", e.Missing)).String())
	}
	if text := useWords(e); text != "" {
		lines = append(lines, s.line(width).Text(widget.Format("   %s", text)).String())
	}
	return lines
}

// ruleWords counts the kernel rules that come and go.
func ruleWords(e *engine.RowEffect) string {
	one := func(f string, of engine.RuleEffect) string {
		if of.Added == 0 && of.Gone == 0 {
			return fmt.Sprintf("%s none (%s)", f, words.Plural(of.Has, "rule"))
		}
		return fmt.Sprintf("%s +%d -%d", f, of.Added, of.Gone)
	}
	if e.Kind == tables.Options {
		return "sets how the tables are compiled"
	}
	return "kernel rules: " + one("v4", e.V4) + "   " + one("v6", e.V6)
}

// hitWords says what the rules of the row counted so far, and what is lost.
func hitWords(e *engine.RowEffect) string {
	if !e.V4.Known && !e.V6.Known {
		return "no rule of this row runs yet"
	}
	text := fmt.Sprintf("hits so far: v4 %s, v6 %s", short(float64(e.V4.Hits)), short(float64(e.V6.Hits)))
	if n := e.V4.Lost + e.V6.Lost; n > 0 {
		text += fmt.Sprintf("; %s", lostWords(n))
	}
	return text
}

// lostWords says how many rules lose what they counted.
func lostWords(n int) string {
	if n == 1 {
		return "1 rule loses its counters"
	}
	return fmt.Sprintf("%d rules lose their counters", n)
}

// useWords says where an object is used, and which of its sets change.
func useWords(e *engine.RowEffect) string {
	const most = 4
	var text string
	if n := len(e.Users); n > 0 {
		text = "used by " + strings.Join(e.Users[:min(n, most)], ", ")
		if n > most {
			text += fmt.Sprintf(" and %d more", n-most)
		}
	}
	if len(e.Sets) > 0 {
		text += "   sets: " + strings.Join(e.Sets, ", ")
	}
	return strings.TrimSpace(text)
}
