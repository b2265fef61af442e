package page

import (
	"fmt"
	"time"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/words"
)

// problemsText counts the problems for a line of text.
func problemsText(ps tables.Problems) string {
	errors, warnings := ps.Count()
	return fmt.Sprintf("%s, %s", words.Plural(errors, "error"), words.Plural(warnings, "warning"))
}

// seconds writes a countdown in the words of its option.
func seconds(d time.Duration) string {
	if d >= 2*time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}
