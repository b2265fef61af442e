package desk

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// Compared is a difference by row and by rule, ready to be drawn. It is made
// where it may take its time, not where keys are waiting.
type Compared struct {
	Review *engine.Review
	Diff   *plan.Diff
	V4, V6 *RuleLines
	// What is counted once: rules that come and go, and rows that have rules in
	// one family only, or in none.
	Added, Gone, OneFamily int
}

// NewCompared works a difference out for reading; review tells the rows, d the
// rules.
func NewCompared(review *engine.Review, d *plan.Diff) *Compared {
	c := &Compared{Review: review, Diff: d, V4: newRuleLines(ruleset.V4, d, review), V6: newRuleLines(ruleset.V6, d, review)}
	c.Added, c.Gone = c.V4.Added+c.V6.Added, c.V4.Gone+c.V6.Gone
	for i := range review.Rows {
		if review.Rows[i].Missing != "" {
			c.OneFamily++
		}
	}
	return c
}

// Text writes the difference for reading elsewhere, and ends with the line that
// goes beyond a number of bytes.
func (c *Compared) Text(most int) string {
	var b strings.Builder
	put := func(mark byte, text widget.Safe) bool {
		b.WriteByte(mark)
		b.WriteByte(' ')
		b.WriteString(string(text))
		b.WriteByte('\n')
		return b.Len() <= most
	}
	for i := range c.Review.Rows {
		e := &c.Review.Rows[i]
		if !put(words.RowMark(e), widget.Format("%-14s %s  %s", words.RowPlace(e), words.RowHead(e), words.RowTail(e))) {
			return b.String()
		}
	}
	for _, l := range []*RuleLines{c.V4, c.V6} {
		for i := range l.lines {
			line := l.line(i, false, nil)
			if line.Mark == '@' {
				line.Text = widget.Format("IP%s  %s", l.family, line.Text)
			}
			if !put(line.Mark, line.Text) {
				return b.String()
			}
		}
	}
	return b.String()
}

// file is the difference as a file: the rows, the consequences, then the rules
// and sets as a unified diff.
func (c *Compared) file(host string, now time.Time, judged *words.Consequences) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# mfwtui: changes on %s, %s\n# table rows\n", host, now.Format(time.RFC3339))
	rows := Compared{Review: c.Review, V4: &RuleLines{}, V6: &RuleLines{}}
	b.WriteString(rows.Text(math.MaxInt))
	b.WriteString(judged.Text(math.MaxInt))
	b.WriteString("# kernel rules and sets, live against compiled\n")
	b.WriteString(c.Diff.Unified())
	return b.String()
}
