package page

import (
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// countFrom makes the rows count from now; where they count from a moment
// already, it asks first.
func (c *Counters) countFrom() Effect {
	since := c.latest.Since
	switch {
	case c.counting.Busy():
		return Effect{}
	case since == nil:
		return Effect{Cmd: c.Calls.StartCounting(&c.counting)}
	}
	return Effect{Ask: &Ask{
		Dialog: &widget.Dialog{
			Title: "Count from another moment",
			Text: []widget.Safe{
				widget.Format("The rows count since %s.", since.At.Format("2006-01-02 15:04:05")),
				"The counters of the kernel stay as they are.",
			},
			Choices: []widget.Choice{{Key: "c", Does: "show all that the kernel counted"}, {Key: "s", Does: "start from now"}},
		},
		Then: func(choice int) Effect {
			if choice == 0 {
				return Effect{Cmd: c.Calls.StopCounting(&c.counting)}
			}
			return Effect{Cmd: c.Calls.StartCounting(&c.counting)}
		},
	}}
}

// counted takes the answer, and reads the counters again to show it.
func (c *Counters) counted(m desk.CountingMsg) Effect {
	if m.Err != nil {
		return say(Bad, "%v", m.Err)
	}
	c.ask.Drop() // a reading that is under way may be from before
	return c.refresh()
}
