package page

import (
	"slices"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// The parts of the page under the table, and beside it.
const (
	detailLines  = 3   // on the cell under the cursor, under a separator
	summaryLines = 2   // on the selected row
	wideScreen   = 110 // cells from which the inspector stands beside the table
	tableShare   = 84  // cells that the table then has at least
)

// policyLayout is where the parts of the page are, in lines and cells.
type policyLayout struct {
	detail, summary int // lines; 0 for a part that has no room
	table, pane     int // cells
}

// layOut divides the page. Below 80x24 the inspector goes first; one line on
// the row stays, and what the check says while something is typed.
func (p *Policy) layOut(width, height int) policyLayout {
	l := policyLayout{detail: detailLines, summary: summaryLines, table: width}
	if width >= wideScreen {
		l.table = max(width*3/5, min(tableShare, width-34))
		l.pane, l.summary = width-l.table-3, 0
	}
	if height < 19 || width < 80 {
		l.summary = 0
		if p.edit == nil && p.rename == nil {
			l.detail = 1
		}
	}
	return l
}

// Render draws the page.
func (p *Policy) Render(width, height int) View {
	switch {
	case p.list != nil:
		lines, cursor := p.list.render(p.Shared, width, height)
		return View{Lines: lines, Cursor: cursor}
	case p.panel != nil:
		return p.panel.render(width, height)
	}
	return p.renderTables(width, height)
}

// renderTables draws the tables, what the person edits in them, and the
// inspector.
func (p *Policy) renderTables(width, height int) View {
	switch {
	case p.Desk.Loading():
		return View{Lines: widget.Fit([]string{p.line(width).Text(" reading the tables ...").String()}, height)}
	case p.Desk.Set() == nil:
		lines := []string{p.line(width).Put(p.Styles.Strong, " the tables cannot be read").String()}
		for _, problem := range p.Desk.Problems() {
			lines = append(lines, p.problem(problem, width)...)
		}
		return View{Lines: widget.Fit(lines, height)}
	case p.uses != nil:
		return View{Lines: p.uses.render(p.Shared, width, height)}
	}
	lay := p.layOut(width, height)
	v := View{Lines: []string{p.tabs(width)}}
	p.drawFilter(&v, width)
	p.drawRows(&v, lay, height-len(v.Lines)-1-lay.detail-lay.summary)
	v.Lines = append(v.Lines, p.rule(width))
	p.drawDetail(&v, width, lay.detail)
	if lay.summary > 0 {
		v.Lines = append(v.Lines, p.Summary(width)...)
	}
	v.Lines = widget.Fit(v.Lines, height)
	return v
}

// drawFilter adds the line of the filter, when there is one.
func (p *Policy) drawFilter(v *View, width int) {
	lines, cursor := p.filter.lines(p.Shared, width, p.filter.count(p.rows(), "row"))
	if cursor != nil {
		v.Cursor = &Point{X: cursor.X, Y: len(v.Lines)}
	}
	v.Lines = append(v.Lines, lines...)
}

// drawRows adds the table in room lines, and the inspector beside it.
func (p *Policy) drawRows(v *View, lay policyLayout, room int) {
	if p.edit != nil {
		if x, y := p.layCell(lay.table); x >= 0 && y < room {
			v.Cursor = &Point{X: x, Y: len(v.Lines) + y}
		}
	}
	rows := widget.Fit(p.rows().Render(lay.table, room, p.Styles), room)
	if lay.pane > 0 {
		rows = widget.Beside(rows, p.pane(lay.pane, room), lay.table, p.Styles)
	}
	v.Lines = append(v.Lines, rows...)
}

// drawDetail adds what there is to know about the cell under the cursor, or the
// rename.
func (p *Policy) drawDetail(v *View, width, room int) {
	if p.rename == nil {
		v.Lines = append(v.Lines, widget.Fit(p.detail(width), room)...)
		return
	}
	lines, at := p.rename.render(p.Shared, width)
	v.Cursor = &Point{X: at, Y: len(v.Lines)}
	v.Lines = append(v.Lines, lines...)
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

// tabs are the tables with the number of their rows, and at the end of the line
// how many rows are marked; else, when there is room, whether the rows exist in
// both families.
func (p *Policy) tabs(width int) string {
	var labels []widget.Safe
	used := 0
	for _, k := range tabOrder() {
		label := widget.Format("%s %d", k, p.Desk.Rows(k))
		if slices.Contains(p.Desk.Dirty(), k) {
			label += "*"
		}
		labels = append(labels, label)
		used += label.Width() + 2
	}
	end, how := p.parity()
	if marks := &p.rows().marks; len(marks.nums) > 0 {
		end, how = marks.count(), p.Styles.Strong
		used = min(used, width-end.Width()-1)
	}
	tabs := widget.Tabs(labels, slices.Index(tabOrder(), p.kind), used, p.Styles)
	if used+1+end.Width() > width {
		return widget.Tabs(labels, slices.Index(tabOrder(), p.kind), width, p.Styles)
	}
	return widget.Join(tabs, p.line(width).End(how, end).String())
}

// parity says whether the rows exist in both families.
func (p *Policy) parity() (widget.Safe, style.Style) {
	switch c := p.known.compiled; {
	case c == nil:
		return "", p.Styles.Text
	case c.Apart > 0:
		return widget.Format("v4=v6 but for %s ", words.Plural(c.Apart, "row")), p.Styles.Warn
	}
	return "v4=v6 ok ", p.Styles.Good
}

// detail says in three lines what there is to know about the cell under the
// cursor.
func (p *Policy) detail(width int) []string {
	if p.edit != nil {
		return p.inspectEdit(width)
	}
	at, ok := p.place()
	if !ok {
		return []string{p.line(width).Text(" " + p.noRow()).String()}
	}
	var lines []string
	for _, problem := range p.Desk.ProblemsAt(at.Kind, at.Line) {
		lines = append(lines, p.problem(problem, width)...)
	}
	column, line := at.Kind.Columns()[at.Cell], p.Desk.Set().File(at.Kind).Line(at.Line)
	if line.Disabled {
		lines = append(lines, p.line(width).Text(widget.Format(" this row is switched off; %s switches it on again", p.keyName(PolicyScreen, "x"))).String())
	}
	lines = lines[:min(len(lines), detailLines-1)]
	if at.Cell < len(line.Cells) { // a long cell is read here
		l := p.line(width).Put(p.Styles.Strong, widget.Format(" %s  ", column.Title)).Text(widget.Clean(line.Cells[at.Cell].Text))
		if !column.Defines {
			l.Put(p.Styles.Dim, "   "+p.meaning(object{column.Object, line.Cells[at.Cell].Text}))
		}
		lines = append(lines, l.String())
	}
	return append(lines, p.line(width).Put(p.Styles.Dim, " "+widget.Clean(column.Help)).String())
}

// noRow says why no row is selected, and what to do about it.
func (p *Policy) noRow() widget.Safe {
	if p.rows().Len() > 0 {
		return "the filter keeps no row; Esc drops it"
	}
	return widget.Format("there is no row here; %s makes one", p.keyName(PolicyScreen, "o"))
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
