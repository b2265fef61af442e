package words

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Difference counts what a difference holds, as the beginning of a sentence.
func Difference(d *plan.Diff) string {
	if d.Empty() {
		return "No rule of the kernel changes"
	}
	var parts []string
	if len(d.Chains) > 0 {
		added, gone := RuleCounts(d)
		parts = append(parts, fmt.Sprintf("%s: %s new, %d gone", Plural(len(d.Chains), "chain"), Plural(added, "rule"), gone))
	}
	if n := len(d.Sets); n > 0 {
		parts = append(parts, Plural(n, "set"))
	}
	if n := len(d.Hooks); n > 0 {
		parts = append(parts, Plural(n, "hook"))
	}
	return "Changes: " + strings.Join(parts, ", ")
}

// RuleCounts counts the rules of both families that come and go.
func RuleCounts(d *plan.Diff) (added, gone int) {
	v4, v6 := d.Counts(ruleset.V4), d.Counts(ruleset.V6)
	return v4.Added + v6.Added, v4.Gone + v6.Gone
}

// RowMark is + for a row that is new, - for one that is gone, ~ for another.
func RowMark(e *engine.RowEffect) byte {
	switch {
	case e.Before == nil:
		return '+'
	case e.After == nil:
		return '-'
	}
	return '~'
}

// RowPlace is the line of a row: in the new tables, or in the old ones when it
// is gone.
func RowPlace(e *engine.RowEffect) string {
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

// RowHead says which row it is: what its table is read by.
func RowHead(e *engine.RowEffect) widget.Safe {
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

// RowTail says what became of the row, or what else stands in it when it is new
// or gone.
func RowTail(e *engine.RowEffect) widget.Safe {
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

// CounterName is the table row of a counter, or the name of a built-in part.
func CounterName(r *engine.RowCounter) string {
	if r.Row.Line > 0 {
		return r.Row.Kind.String() + ":" + strconv.Itoa(r.Row.Line)
	}
	return r.Row.Name
}
