package page

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// compared is a difference by row and by rule, ready to be drawn. It is made
// where it may take its time, not where keys are waiting.
type compared struct {
	review *engine.Review
	diff   *plan.Diff
	v4, v6 *ruleLines
	// What is counted once: rules that come and go, and rows that have rules in
	// one family only, or in none.
	added, gone, oneFamily int
}

func newCompared(review *engine.Review, d *plan.Diff) *compared {
	c := &compared{review: review, diff: d, v4: newRuleLines(ruleset.V4, d, review), v6: newRuleLines(ruleset.V6, d, review)}
	c.added, c.gone = c.v4.added+c.v6.added, c.v4.gone+c.v6.gone
	for i := range review.Rows {
		if review.Rows[i].Missing != "" {
			c.oneFamily++
		}
	}
	return c
}

// text writes the difference for reading elsewhere, up to a number of bytes.
func (c *compared) text(most int) string {
	var b strings.Builder
	put := func(mark byte, text widget.Safe) bool {
		b.WriteByte(mark)
		b.WriteByte(' ')
		b.WriteString(string(text))
		b.WriteByte('\n')
		return b.Len() <= most
	}
	for i := range c.review.Rows {
		e := &c.review.Rows[i]
		if !put(rowMark(e), widget.Format("%-14s %s  %s", rowPlace(e), rowHead(e), rowTail(e))) {
			return b.String()
		}
	}
	for _, l := range []*ruleLines{c.v4, c.v6} {
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
func (c *compared) file(host string, now time.Time, judged *verdicts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# mfwtui: changes on %s, %s\n# table rows\n", host, now.Format(time.RFC3339))
	rows := compared{review: c.review, v4: &ruleLines{}, v6: &ruleLines{}}
	b.WriteString(rows.text(math.MaxInt))
	b.WriteString(judged.text(math.MaxInt))
	b.WriteString("# kernel rules and sets, live against compiled\n")
	b.WriteString(c.diff.Unified())
	return b.String()
}
