package page

import (
	"cmp"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// comparison shows a difference: the table rows that changed, and the compiled
// rules of both families; beside each other where there is room, else as tabs.
// What is selected among the rows is lit among the rules.
type comparison struct {
	*Shared
	keys comparisonKeys
	of   *desk.Compared // nil: nothing to show
	rows rowChanges
	// impact are the consequences; nil where none are judged.
	impact *impact
	view   [2]*widget.Diff // v4, v6
	tab    comparisonTab
	// layout and families are what the person chose.
	layout   comparisonLayout
	families familyChoice

	lit    map[string]bool // the rule ids of the selected row
	litFor *engine.RowEffect
	beside bool // as it was drawn last
	areas  []area
}

type comparisonTab int

const (
	rowsTab comparisonTab = iota
	v4Tab
	v6Tab
	impactTab
)

type comparisonLayout int

const (
	byWidth comparisonLayout = iota
	sideBySide
	asTabs
)

type familyChoice int

const (
	bothFamilies familyChoice = iota
	onlyV4
	onlyV6
	familyChoices
)

// besideFrom is from which width on rows and rules stand beside each other.
const besideFrom = 110

type comparisonKeys struct{ NextTab, PrevTab, Beside, Family, Next, Prev, Side widget.Binding }

func newComparisonKeys() comparisonKeys {
	return comparisonKeys{
		NextTab: widget.Bind("Tab", "next tab", "tab"),
		PrevTab: widget.Bind("S-Tab", "tab before", "shift+tab").Hidden(),
		Beside:  widget.Bind("|", "side by side", "|"),
		Family:  widget.Bind("f", "v4/v6", "f"),
		Next:    widget.Bind("n/N", "next change", "n"),
		Prev:    widget.Bind("N", "change before", "N").Hidden(),
		Side:    widget.Bind("left/right", "read long lines", "left", "right").Hidden(),
	}
}

func newComparison(s *Shared) comparison {
	return comparison{
		Shared: s, rows: newRowChanges(), keys: newComparisonKeys(),
		view: [2]*widget.Diff{widget.NewDiff(), widget.NewDiff()},
	}
}

// set takes another difference; nil for none.
func (c *comparison) set(of *desk.Compared) {
	c.of, c.litFor = of, nil
	if of == nil {
		c.rows.set(nil)
		c.view[0].Set(widget.DiffSource{})
		c.view[1].Set(widget.DiffSource{})
		return
	}
	c.rows.set(of.Review.Rows)
	c.light()
}

// light lights the rules of the selected row, and scrolls to them.
func (c *comparison) light() {
	e := c.rows.selected()
	if c.of == nil || e != nil && e == c.litFor {
		return
	}
	c.litFor, c.lit = e, make(map[string]bool)
	if e != nil {
		for _, id := range e.IDs {
			c.lit[id] = true
		}
	}
	c.source()
	for i, lines := range []*desk.RuleLines{c.of.V4, c.of.V6} {
		if at, ok := lines.Find(c.lit); ok {
			c.view[i].Reveal(at)
		}
	}
}

// source gives the views their lines, in the form for how they are drawn.
func (c *comparison) source() {
	if c.of == nil {
		return
	}
	c.view[0].Set(c.of.V4.Source(c.beside, c.lit))
	c.view[1].Set(c.of.V6.Source(c.beside, c.lit))
}

// key handles a key; false when it is not one of the comparison's.
func (c *comparison) key(k tea.KeyPressMsg) bool {
	keys := &c.keys
	switch {
	case keys.NextTab.Is(k):
		c.turn(1)
	case keys.PrevTab.Is(k):
		c.turn(-1)
	case keys.Beside.Is(k):
		c.layout = sideBySide
	case keys.Family.Is(k):
		c.families = (c.families + 1) % familyChoices
		c.turn(0)
	case keys.Next.Is(k), keys.Prev.Is(k):
		c.next(keys.Next.Is(k))
	case c.tab == rowsTab:
		c.rows.key(k)
		c.light()
	case c.tab == impactTab:
		return c.impact.key(k)
	default:
		return c.view[c.tab-v4Tab].Key(k)
	}
	return true
}

// next goes to the next changed row, chain, or kind of consequence.
func (c *comparison) next(forward bool) {
	switch c.tab {
	case rowsTab:
		c.rows.step(forward)
		c.light()
	case impactTab:
		c.impact.next(forward)
	default:
		c.view[c.tab-v4Tab].Section(forward)
	}
}

// turn goes to the next tab that is shown, or to the one before; by 0 it only
// leaves one that is not shown.
func (c *comparison) turn(by comparisonTab) {
	const tabs = impactTab + 1
	c.tab = (c.tab + by + tabs) % tabs
	for !c.shows(c.tab) {
		c.tab = (c.tab + cmp.Or(by, 1) + tabs) % tabs
	}
}

func (c *comparison) shows(t comparisonTab) bool {
	if t == impactTab {
		return c.impact != nil
	}
	return t == rowsTab || c.families == bothFamilies || (t == v4Tab) == (c.families == onlyV4)
}

// render draws the tabs and what is under them.
func (c *comparison) render(width, height int) []string {
	beside := c.layout == sideBySide || c.layout == byWidth && width >= besideFrom
	if beside != c.beside {
		c.beside = beside
		c.source()
	}
	c.areas = c.areas[:0]
	under := c.impactHeight(height)
	if beside && (c.tab != impactTab || under > 0) {
		lines := append([]string{c.rule(width)}, c.renderBeside(width, height-1-under)...)
		return append(lines, c.renderUnder(width, under, len(lines))...)
	}
	lines := append([]string{c.tabLine(width)}, c.rule(width))
	c.areas = append(c.areas, area{c.tab, 0, len(lines), width, height - len(lines)})
	switch c.tab {
	case rowsTab:
		return append(lines, c.renderRows(width, height-len(lines))...)
	case impactTab:
		return append(lines, c.impact.render(width, height-len(lines))...)
	}
	return append(lines, c.view[c.tab-v4Tab].Render(width, height-len(lines), c.Styles)...)
}

// roomForImpact is from which height on the consequences stand under what is
// beside each other.
const roomForImpact = 26

// impactHeight is how many lines the consequences take there; 0 where they are
// a tab, or where there are none.
func (c *comparison) impactHeight(height int) int {
	if c.impact == nil || !c.impact.known() || height < roomForImpact {
		return 0
	}
	return height / 2
}

// renderUnder draws the consequences under what is beside each other, from line
// y on.
func (c *comparison) renderUnder(width, height, y int) []string {
	if height == 0 {
		return nil
	}
	c.areas = append(c.areas, area{impactTab, 0, y + 1, width, 0}, area{impactTab, 0, y + 2, width, height - 2})
	lines := []string{c.rule(width), c.heading(c.impact.title(), impactTab, width)}
	return append(lines, c.impact.render(width, height-len(lines))...)
}

// titles are what the tabs are called, with how much is behind them.
func (c *comparison) titles() (rows, v4, v6 widget.Safe) {
	if c.of == nil {
		return "changes", "compiled v4", "compiled v6"
	}
	counts := func(l *desk.RuleLines) string {
		if l.Added == 0 && l.Gone == 0 {
			return ""
		}
		return fmt.Sprintf(" +%d -%d", l.Added, l.Gone)
	}
	return widget.Format("changes %d", len(c.rows.rows)),
		widget.Format("compiled v4%s", counts(c.of.V4)), widget.Format("compiled v6%s", counts(c.of.V6))
}

func (c *comparison) tabLine(width int) string {
	titles := make([]widget.Safe, impactTab+1)
	titles[rowsTab], titles[v4Tab], titles[v6Tab] = c.titles()
	if c.impact != nil {
		titles[impactTab] = c.impact.title()
	}
	var labels []widget.Safe
	var tabs []comparisonTab
	active := 0
	for tab, title := range titles {
		tab := comparisonTab(tab)
		if !c.shows(tab) {
			continue
		}
		if tab == c.tab {
			active = len(labels)
		}
		labels, tabs = append(labels, title), append(tabs, tab)
	}
	line, end := widget.Tabs(labels, active, width, c.Styles), 0
	for i, tab := range tabs {
		x, cells := widget.TabPlace(labels, active, width, i)
		c.areas = append(c.areas, area{tab, x, 0, cells, 0})
		end = x + cells
	}
	if place := c.place(); end+1+place.Width() <= width {
		return widget.Join(line, c.line(width).End(c.Styles.Dim, place).String())
	}
	return line
}

// place says which part of the tab is visible.
func (c *comparison) place() widget.Safe {
	if c.tab == impactTab {
		return c.impact.place()
	}
	if c.tab == rowsTab {
		if len(c.rows.rows) == 0 {
			return ""
		}
		return widget.Format("%d of %d", c.rows.at+1, len(c.rows.rows))
	}
	first, last, all := c.view[c.tab-v4Tab].Place()
	return widget.Format("%d-%d of %d", first, last, all)
}

// renderRows draws the list of rows above what the selected one does.
func (c *comparison) renderRows(width, height int) []string {
	detail := effectLines(c.rows.selected(), c.of != nil && c.of.Review.Counted, c.Shared, width)
	if room := height - 4; len(detail) > room {
		detail = detail[:max(room, 0)]
	}
	if len(detail) > 0 {
		detail = append([]string{c.rule(width)}, detail...)
	}
	lines := c.rows.render(width, height-len(detail), c.Shared)
	return widget.Fit(append(lines, detail...), height)
}

// renderBeside draws rows and rules in columns.
func (c *comparison) renderBeside(width, height int) []string {
	rows, v4, v6 := c.titles()
	rest := width
	take := func(share int) int {
		w := rest / share
		rest -= w + 1
		return w
	}
	first := take(3)
	if c.families != bothFamilies {
		first = width * 2 / 5
		rest = width - first - 1
	}
	columns := []column{{rowsTab, c.heading(rows, rowsTab, first), c.renderRows(first, height-1), first}}
	if c.shows(v4Tab) {
		w := rest
		if c.families == bothFamilies {
			w = take(2)
		}
		columns = append(columns, column{v4Tab, c.heading(v4, v4Tab, w), c.view[0].Render(w, height-1, c.Styles), w})
	}
	if c.shows(v6Tab) {
		columns = append(columns, column{v6Tab, c.heading(v6, v6Tab, rest), c.view[1].Render(rest, height-1, c.Styles), rest})
	}
	x := 0
	for _, col := range columns {
		c.areas = append(c.areas, area{col.tab, x, 1, col.width, 0}, area{col.tab, x, 2, col.width, height - 1})
		x += col.width + 1
	}
	return besideEachOther(columns, height, c.Shared)
}

// heading is the title of a column; the one that has the keys is in brackets.
func (c *comparison) heading(title widget.Safe, tab comparisonTab, width int) string {
	if tab == c.tab {
		return c.line(width).Put(c.Styles.Strong, "["+title+"]").End(c.Styles.Dim, c.place()).String()
	}
	return c.line(width).Text(" " + title).String()
}

// column is a part of the screen beside others.
type column struct {
	tab   comparisonTab
	title string
	lines []string
	width int
}

// besideEachOther lays columns side by side with a rule between.
func besideEachOther(columns []column, height int, s *Shared) []string {
	edge := s.Styles.Rule.Render(s.Styles.Glyphs.Vertical)
	lines := make([]string, height)
	for i := range lines {
		var b strings.Builder
		for n, col := range columns {
			text := col.title
			if i > 0 {
				text = col.lines[i-1]
			}
			if n > 0 {
				b.WriteString(edge)
			}
			if n == len(columns)-1 {
				b.WriteString(text)
			} else {
				b.WriteString(widget.Pad(text, col.width))
			}
		}
		lines[i] = b.String()
	}
	return lines
}
