package tui

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// A link that takes 9 ms, then 10 ms, must not make other fields come and go.
func TestTheStateLineKeepsItsFieldsWhileTheLinkVaries(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		fields := func(round time.Duration) (list []string) {
			c.answer(round)
			for width := minWidth; width <= 120; width++ {
				fit, gap := fitFields(c.state(), width)
				list = append(list, fmt.Sprintf("%d columns: %d fields, gap %d", width, len(fit), len(gap)))
			}
			return list
		}
		if quick, slower := fields(9*time.Millisecond), fields(98*time.Millisecond); !slices.Equal(quick, slower) {
			t.Errorf("at 9 ms\n%v\nat 98 ms\n%v", quick, slower)
		}
	})
}
