package page

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
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
	m := rowMark(e)
	how := lookOf(m, st)
	l := s.line(width)
	if i == c.at {
		l.Put(st.Selected, ">")
	} else {
		l.Text(" ")
	}
	l.Put(how, widget.Format("%c ", m)).Cell(st.Strong, widget.Clean(rowPlace(e)), 14)
	warn := widget.Safe("")
	if e.Missing != "" {
		warn = "! "
	}
	if c.tall == 1 {
		return []string{l.Cell(st.Text, rowHead(e), headWidth).Text(" ").Put(st.Warn, warn).Put(how, rowTail(e)).String()}
	}
	return []string{
		l.Text(rowHead(e)).String(),
		s.line(width).Text("     ").Put(st.Warn, warn).Put(how, rowTail(e)).String(),
	}
}

// headWidth is the room for what says which row it is.
const headWidth = 26

// rowMark is + for a row that is new, - for one that is gone, ~ for another.
func rowMark(e *engine.RowEffect) byte {
	switch {
	case e.Before == nil:
		return '+'
	case e.After == nil:
		return '-'
	}
	return '~'
}

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

// rowPlace is the line of a row: in the new tables, or in the old ones when it
// is gone.
func rowPlace(e *engine.RowEffect) string {
	if e.Now > 0 {
		return fmt.Sprintf("%s:%d", e.Kind, e.Now)
	}
	return fmt.Sprintf("%s:%d", e.Kind, e.Was)
}

// rowCells are the cells of a row as they are afterwards, or were.
func rowCells(e *engine.RowEffect) []string {
	if e.After != nil {
		return e.After.Texts()
	}
	return e.Before.Texts()
}

// rowHead says which row it is: what its table is read by.
func rowHead(e *engine.RowEffect) widget.Safe {
	cells := rowCells(e)
	switch {
	case e.Kind == tables.Rules && len(cells) >= 4:
		return widget.Format("%s > %s  %s > %s", cells[0], cells[1], cells[2], cells[3])
	case e.Kind == tables.Virtuals && len(cells) >= 3:
		return widget.Format("%s  %s > %s", cells[0], cells[1], cells[2])
	case e.Kind == tables.Options && len(cells) >= 2:
		return widget.Format("%s %s", cells[0], cells[1])
	case len(cells) > 0:
		return widget.Clean(cells[0])
	}
	return ""
}

// headCells is how many cells the head tells.
var headCells = map[tables.Kind]int{tables.Rules: 4, tables.Virtuals: 3, tables.Options: 2}

// rowTail says what became of the row.
func rowTail(e *engine.RowEffect) widget.Safe {
	var parts []string
	for _, c := range e.Cells() {
		parts = append(parts, fmt.Sprintf("%s %s -> %s", strings.ToLower(c.Column.Title), orDash(c.Was), orDash(c.Now)))
	}
	switch {
	case e.SwitchedOff():
		parts = append(parts, "switched off")
	case e.SwitchedOn():
		parts = append(parts, "switched on")
	}
	if e.Moved {
		parts = append(parts, fmt.Sprintf("moved, was line %d", e.Was))
	}
	if len(parts) > 0 {
		return widget.Clean(strings.Join(parts, ", "))
	}
	cells := rowCells(e)
	skip := min(max(headCells[e.Kind], 1), len(cells))
	tail := strings.Join(cells[skip:], "  ")
	if e.After != nil && e.After.Disabled || e.After == nil && e.Before.Disabled {
		tail += "  (switched off)"
	}
	return widget.Clean(tail)
}

func orDash(cell string) string {
	if cell == "" {
		return "-"
	}
	return cell
}

// effectLines say what the selected change does, and what its rules counted
// where they count.
func effectLines(e *engine.RowEffect, counted bool, s *Shared, width int) []string {
	if e == nil {
		return nil
	}
	st := s.Styles
	lines := []string{
		s.line(width).Put(st.Strong, widget.Format(" %s", rowPlace(e))).Text(widget.Format("  %s", rowHead(e))).String(),
	}
	for _, part := range rowTail(e).Wrap(width - 4) {
		lines = append(lines, s.line(width).Text("   ").Put(lookOf(rowMark(e), st), part).String())
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
			return fmt.Sprintf("%s none (%s)", f, plural(of.Has, "rule"))
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
