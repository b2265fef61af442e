package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Summary counts what a difference holds.
func Summary(d *plan.Diff) string {
	if d.Empty() {
		return "No rule of the kernel changes"
	}
	var parts []string
	if len(d.Chains) > 0 {
		added, gone := ruleCounts(d)
		parts = append(parts, fmt.Sprintf("%s: %s new, %d gone", plural(len(d.Chains), "chain"), plural(added, "rule"), gone))
	}
	if n := len(d.Sets); n > 0 {
		parts = append(parts, plural(n, "set"))
	}
	if n := len(d.Hooks); n > 0 {
		parts = append(parts, plural(n, "hook"))
	}
	return "Changes: " + strings.Join(parts, ", ")
}

// ruleCounts counts the rules of both families that come and go.
func ruleCounts(d *plan.Diff) (added, gone int) {
	v4, v6 := d.Counts(ruleset.V4), d.Counts(ruleset.V6)
	return v4.Added + v6.Added, v4.Gone + v6.Gone
}

// problemsText counts the problems for a line of text.
func problemsText(ps tables.Problems) string {
	errors, warnings := ps.Count()
	return fmt.Sprintf("%s, %s", plural(errors, "error"), plural(warnings, "warning"))
}

// seconds writes a countdown in the words of its option.
func seconds(d time.Duration) string {
	if d >= 2*time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}
