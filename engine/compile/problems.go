package compile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// problem notes a finding about a row, once. Cell counts from 0; -1 speaks of
// the whole row.
func (c *compiler) problem(severity tables.Severity, row tables.Row, cell int, text string) {
	p := tables.Problem{
		File: row.Kind.String(), Line: row.Num, Col: column(row.Line, cell), Cell: cell,
		Severity: severity, Text: text,
	}
	if !c.said[p] {
		c.said[p] = true
		c.problems = append(c.problems, p)
	}
}

// column is where a cell starts on its line, in characters from 1; 0 when that
// is not known.
func column(line *tables.Line, cell int) int {
	if line == nil || cell < 0 || cell >= len(line.Cells) {
		return 0
	}
	col := 1
	for _, before := range line.Cells[:cell] {
		col += utf8.RuneCountInString(before.Gap + before.Text)
	}
	return col + utf8.RuneCountInString(line.Cells[cell].Gap)
}

// cellOf is the address cell of a rule that names this country.
func cellOf(row tables.Rule, country string) int {
	if slices.Contains(row.Src.Geo, country) {
		return 2
	}
	return 3
}

// warnRenamed says that a chain or set for objects of this table has another
// name than one would look for.
func (c *compiler) warnRenamed(k tables.Kind, wanted, name string) {
	if wanted != name {
		c.problems = append(c.problems, tables.Problem{
			File: k.String(), Cell: -1,
			Text: fmt.Sprintf("the kernel will show '%s' as '%s', because the name is too long or taken", wanted, name),
		})
	}
}

// checkRows warns about rows that make no rule for a reason that only the
// compiler sees; a check of the tables has found the others.
func (c *compiler) checkRows() {
	for i, row := range c.cfg.Rules {
		switch {
		case c.count[c.ids.rules[i]] > 0:
		case c.matches[i] > 0:
			c.problem(tables.Warning, row.Row, 1, fmt.Sprintf(
				"matches nothing: zone '%s' has one interface, and what leaves through the interface it came from is decided before any row",
				row.SrcZone))
		case c.hasCountries(row):
			c.problem(tables.Warning, row.Row, -1, fmt.Sprintf(
				"matches nothing: '%s' and '%s' have no network of the same address family", row.Src.Text, row.Dst.Text))
		}
	}
}

// hasCountries reports whether a row names countries, all of them with data.
func (c *compiler) hasCountries(row tables.Rule) bool {
	codes := slices.Concat(row.Src.Geo, row.Dst.Geo)
	return len(codes) > 0 && !slices.ContainsFunc(codes, func(code string) bool { return len(c.facts.Countries[code]) == 0 })
}

// checkSize refuses a ruleset that is too large to load, and names the rows
// that make most of it.
func (c *compiler) checkSize() {
	if c.total <= maxRules {
		return
	}
	ids := slices.SortedFunc(maps.Keys(c.count), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.count[b], c.count[a]), cmp.Compare(a, b))
	})
	var rows []string
	for _, id := range ids {
		if ref := c.result.Rows[id]; ref.Line > 0 && len(rows) < 3 {
			rows = append(rows, fmt.Sprintf("%s:%d makes %d", ref.Kind, ref.Line, c.count[id]))
		}
	}
	c.problems = append(c.problems, tables.Problem{
		File: tables.Rules.String(), Cell: -1, Severity: tables.Error,
		Text: fmt.Sprintf("%d kernel rules come of these tables, the limit is %d; %s", c.total, maxRules, strings.Join(rows, ", ")),
	})
}

// distinct drops repeated values and keeps the order of the first ones.
func distinct[T comparable](list []T) []T {
	var out []T
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// ipName is how people call the family.
func ipName(fam ruleset.Family) string {
	if fam == ruleset.V6 {
		return "IPv6"
	}
	return "IPv4"
}
