package page

import (
	"cmp"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// The columns of the rows.
const (
	whereCol = iota
	whatCol
	v4Col
	v6Col
	sumCol
	hitRateCol
	lastCol
	familyCol // of parity only
)

// newCounterTable makes the list of one of the views by row.
func newCounterTable(tab counterTab) *widget.Table[string] {
	columns := []widget.Column{
		{Title: "ROW", Width: 13}, {Title: "RULE", Width: 20, Grow: 1, Bare: true},
		{Title: "V4", Width: 5, Right: true, Down: true, Rank: 3, Bare: true},
		{Title: "V6", Width: 5, Right: true, Down: true, Rank: 2, Bare: true},
		{Title: "SUM", Width: 5, Right: true, Down: true, Bare: true},
		{Title: "PKT/S", Width: 5, Right: true, Down: true, Bare: true},
		{Title: "LAST", Width: 5, Right: true, Rank: 1, Bare: true},
	}
	switch tab {
	case unusedRows:
		columns = append(columns[:whatCol+1], widget.Column{Title: "FAMILIES", Width: 8, Rank: 1, Bare: true, Unsorted: true},
			widget.Column{Title: "WHAT 0 MEANS", Width: 18, Rank: 2, Bare: true, Unsorted: true})
	case parity:
		columns = append(columns[:sumCol], widget.Column{Title: "ONE FAMILY ONLY", Width: 21, Bare: true, Unsorted: true})
	}
	return widget.NewTable[string](columns...)
}

// column says which figure a column of a view shows.
func (tab counterTab) column(col int) int {
	switch {
	case tab == unusedRows && col > whatCol:
		return familyCol + col - whatCol - 1
	case tab == parity && col == sumCol:
		return familyCol
	}
	return col
}

func (c *Counters) rowSource() widget.Source[string] {
	rows, tab := c.snap.Rows, c.tab
	keep, mark := c.rowAsk()
	var has map[string][2]bool
	if tab != byRow {
		has = families(c.snap.Chains)
	}
	return widget.Source[string]{
		Len: len(rows),
		Key: func(i int) string { return rows[i].ID },
		Cell: func(i, col int) (widget.Safe, style.Style) {
			return c.rowCell(&rows[i], tab, tab.column(col), has)
		},
		Compare: func(i, j, col int) int { return c.compareRows(&rows[i], &rows[j], col) },
		Keep: func(i int) bool {
			r := &rows[i]
			switch {
			case tab == unusedRows && (r.Row.Line == 0 || r.V4.Packets+r.V6.Packets > 0):
				return false
			case tab == parity && oneFamily(r, has[r.ID]) == "":
				return false
			}
			return keep == nil || keep(i)
		},
		Mark: mark,
	}
}

func (c *Counters) rowCell(r *engine.RowCounter, tab counterTab, col int, has map[string][2]bool) (widget.Safe, style.Style) {
	switch {
	case col == whereCol:
		return widget.Clean(words.CounterName(r)), c.Styles.Text
	case col == whatCol:
		return widget.Clean(r.Text), c.Styles.Text
	case col == lastCol:
		return c.lastHit(c.past.of(r.ID)), c.Styles.Dim
	case tab == unusedRows && col == familyCol:
		return widget.Clean(familyWords(has[r.ID])), c.Styles.Text
	case tab == unusedRows:
		return zeroMeans(r), c.Styles.Dim
	case col == familyCol:
		return oneFamily(r, has[r.ID]), c.Styles.Warn
	}
	return c.number(&r.V4, &r.V6, r.Rate, col)
}

// lastHit says how long ago a row counted, as far as the console saw.
func (c *Counters) lastHit(p counterPast) widget.Safe {
	if p.hit.IsZero() {
		return "-"
	}
	return widget.Clean(age(p.seen.Sub(p.hit)))
}

func (c *Counters) compareRows(a, b *engine.RowCounter, col int) int {
	switch col {
	case whereCol:
		return cmp.Or(cmp.Compare(a.Row.Kind, b.Row.Kind), cmp.Compare(a.Row.Line, b.Row.Line), cmp.Compare(a.ID, b.ID))
	case whatCol:
		return cmp.Compare(a.Text, b.Text)
	case lastCol:
		return c.past.of(b.ID).hit.Compare(c.past.of(a.ID).hit)
	}
	return cmp.Compare(figure(&a.V4, &a.V6, a.Rate, col), figure(&b.V4, &b.V6, b.Rate, col))
}

// zeroMeans says what it means that a row never counted.
func zeroMeans(r *engine.RowCounter) widget.Safe {
	for _, cell := range strings.Fields(r.Text) {
		switch verb, _, _ := strings.Cut(cell, "+"); verb {
		case "drop", "reject":
			return "good: nobody tried"
		}
	}
	return "proves nothing"
}

func familyWords(has [2]bool) string {
	switch has {
	case [2]bool{true, true}:
		return "v4 v6"
	case [2]bool{true, false}:
		return "v4 only"
	case [2]bool{false, true}:
		return "v6 only"
	}
	return "none"
}

// oneFamily says that a row has rules in one family only, or counts in one
// only; empty when neither. Built-in parts may differ by nature.
func oneFamily(r *engine.RowCounter, has [2]bool) widget.Safe {
	switch {
	case r.Row.Line == 0:
		return ""
	case has[0] && !has[1]:
		return "no IPv6 rule"
	case has[1] && !has[0]:
		return "no IPv4 rule"
	case r.V4.Packets > 0 && r.V6.Packets == 0:
		return "counts in IPv4 only"
	case r.V6.Packets > 0 && r.V4.Packets == 0:
		return "counts in IPv6 only"
	}
	return ""
}

// number is a cell of the columns that both tables have.
func (c *Counters) number(v4, v6 *ruleset.Counters, rate float64, col int) (widget.Safe, style.Style) {
	switch {
	case col == v4Col && v4 == nil, col == v6Col && v6 == nil, v4 == nil && v6 == nil:
		return "-", c.Styles.Dim
	case col == hitRateCol:
		return widget.Clean(shortRate(rate)), c.Styles.Text
	}
	n := figure(v4, v6, rate, col)
	if n == 0 {
		return "0", c.Styles.Dim
	}
	return widget.Clean(short(n)), c.Styles.Text
}

func figure(v4, v6 *ruleset.Counters, rate float64, col int) float64 {
	var n float64
	if col == hitRateCol {
		return rate
	}
	if v4 != nil && col != v6Col {
		n += float64(v4.Packets)
	}
	if v6 != nil && col != v4Col {
		n += float64(v6.Packets)
	}
	return n
}
