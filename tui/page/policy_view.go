package page

import (
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// inspectorLines is how many lines the inspector takes under the table, its
// separator included; it goes first when the screen is low.
const inspectorLines = 4

// Render draws the page.
func (p *Policy) Render(width, height int) View {
	switch {
	case p.list != nil:
		lines, cursor := p.list.render(p.Shared, width, height)
		return View{Lines: lines, Cursor: cursor}
	case p.Desk.Loading():
		return View{Lines: widget.Fit([]string{p.line(width).Text(" reading the tables ...").String()}, height)}
	case p.Desk.Set() == nil:
		lines := []string{p.line(width).Put(p.Styles.Strong, " the tables cannot be read").String()}
		for _, problem := range p.Desk.Problems() {
			lines = append(lines, p.problem(problem, width)...)
		}
		return View{Lines: widget.Fit(lines, height)}
	}
	lines := []string{p.tabs(width)}
	found, cursor := p.filter.lines(p.Shared, width, p.filter.count(p.rows(), "row"))
	if cursor != nil {
		cursor.Y = len(lines)
	}
	lines = append(lines, found...)
	inspector := inspectorLines
	if height < 12 { // while a cell is edited, what the check says stays
		inspector = 0
		if p.edit != nil {
			inspector = 3
		}
	}
	top, room := len(lines), height-len(lines)-inspector
	if e := p.edit; e != nil {
		x, y := p.layCell(width)
		if x >= 0 && y < room {
			cursor = &Point{X: x, Y: top + y}
		}
	}
	lines = append(lines, p.rows().Render(width, room, p.Styles)...)
	if inspector > 0 {
		lines = append(lines, p.rule(width))
		lines = append(lines, widget.Fit(p.inspect(width), inspector-1)...)
	}
	return View{Lines: widget.Fit(lines, height), Cursor: cursor}
}

// layCell prepares what the edited cell shows and says where the cursor is in
// the table; -1 when the cell is not visible.
func (p *Policy) layCell(width int) (x, y int) {
	x, y, cells, ok := p.rows().CursorAt(width)
	if !ok {
		return -1, 0
	}
	text, at := p.edit.editor.View(cells)
	p.edit.view = text
	return x + at, y
}

func (p *Policy) tabs(width int) string {
	var labels []widget.Safe
	active := 0
	dirty := make(map[tables.Kind]bool)
	for _, k := range p.Desk.Dirty() {
		dirty[k] = true
	}
	for i, k := range tables.Kinds() {
		label := widget.Format("%s %d", k, p.Desk.Set().File(k).Rows())
		if dirty[k] {
			label += "*"
		}
		if k == p.kind {
			active = i
		}
		labels = append(labels, label)
	}
	return widget.Tabs(labels, active, width, p.Styles)
}

// inspect says in three lines what there is to know about the cell under the
// cursor.
func (p *Policy) inspect(width int) []string {
	if p.edit != nil {
		return p.inspectEdit(width)
	}
	at, ok := p.place()
	if !ok {
		return []string{p.line(width).Text(" no rows; o makes the first one").String()}
	}
	columns := at.Kind.Columns()
	var lines []string
	for _, problem := range p.Desk.problemsOf(at.Kind)[at.Line] {
		lines = append(lines, p.problem(problem, width)...)
	}
	if len(lines) == 0 {
		line := p.Desk.Set().File(at.Kind).Line(at.Line)
		if line.Disabled {
			lines = append(lines, p.line(width).Text(" this row is switched off; x switches it on again").String())
		}
		if at.Cell < len(line.Cells) { // a long cell is read here
			lines = append(lines, p.line(width).Put(p.Styles.Strong, widget.Format(" %s  ", columns[at.Cell].Title)).
				Text(widget.Clean(line.Cells[at.Cell].Text)).String())
		}
	}
	return append(lines, p.line(width).Put(p.Styles.Dim, " "+widget.Clean(columns[at.Cell].Help)).String())
}

// problem writes a problem, wrapped.
func (p *Shared) problem(problem tables.Problem, width int) []string {
	how, mark := p.Styles.Warn, widget.Safe("W ")
	if problem.Severity == tables.Error {
		how, mark = p.Styles.Bad, "E "
	}
	var lines []string
	for i, text := range widget.Clean(problem.Error()).Wrap(width - 4) {
		l := p.line(width).Text(" ")
		if i == 0 {
			l.Put(how, mark)
		} else {
			l.Text("  ")
		}
		lines = append(lines, l.Text(text).String())
	}
	return lines
}

// inspectEdit says what the check says about the text being typed.
func (p *Policy) inspectEdit(width int) []string {
	e := p.edit
	column := e.at.Kind.Columns()[e.at.Cell]
	var lines []string
	switch text := e.editor.Text(); {
	case e.problem != nil:
		lines = p.problem(*e.problem, width)
	case text != "":
		lines = []string{p.line(width).Put(p.Styles.Strong, widget.Format(" %s  ", column.Title)).Put(p.Styles.Good, "ok  ").Text(widget.Clean(text)).String()}
	}
	if s := e.suggestion(); s != "" {
		lines = append(lines[:min(len(lines), 2)], p.line(width).Put(p.Styles.Key, " Enter").Text(" takes ").Put(p.Styles.Strong, widget.Clean(s)).
			Put(p.Styles.Key, "   Esc").Text(" keeps what you typed").String())
	} else if e.problem == nil {
		lines = append(lines, p.line(width).Put(p.Styles.Dim, " "+widget.Clean(column.Help)).String())
	}
	return append(lines, p.offers(width))
}

// offers lists the completions, the one that Tab takes in brackets.
func (p *Policy) offers(width int) string {
	e := p.edit
	if len(e.offers) == 0 {
		return ""
	}
	l := p.line(width).Put(p.Styles.Key, " Tab ")
	first := max(e.pick-3, 0)
	for i := first; i < len(e.offers) && l.Left() > 0; i++ {
		name := widget.Clean(e.offers[i].Text)
		if i == e.pick {
			l.Put(p.Styles.Strong, "["+name+"]")
			if e.offers[i].Help != "" {
				l.Put(p.Styles.Dim, " "+widget.Clean(e.offers[i].Help).Cut(30, p.Styles.Glyphs.Ellipsis)+"  ")
			}
		} else {
			l.Text(" " + name + " ")
		}
	}
	return l.String()
}
