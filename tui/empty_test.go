package tui

import (
	"testing"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// An empty list says why it is empty, and nothing that is not so.
func TestAnEmptyListSaysWhy(t *testing.T) {
	harmless := func(s *tuitest.Site) {
		s.Write(tables.Rules, "ext FW ALL ALL ssh accept\n")
		s.Write(tables.Virtuals, "")
	}
	tests := []struct {
		name    string
		prepare func(*tuitest.Site)
		keys    []string
		want    string
	}{
		{"a filter without a row", nil, []string{"2", "/", "z", "z", "z", "enter"}, "the filter keeps no row; Esc drops it"},
		{"a key for a row that the filter hides", nil, []string{"2", "/", "z", "z", "z", "enter", "e"}, "the filter keeps no row; Esc drops it"},
		{"no problem", harmless, []string{"w"}, "no problem was found"},
		{"a filter without a problem", nil, []string{"w", "/", "z", "z", "z", "enter"}, "the filter keeps no problem; Esc drops it"},
		{"a filter without a counter", nil, []string{"5", "/", "z", "z", "z", "enter"}, "the filter keeps no row; Esc drops it"},
		{"a restore that changes nothing", nil, []string{"7", "enter", "d"}, "no row of the tables differs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inConsole(t, 80, 24, tt.prepare, func(c *console) {
				c.press(tt.keys...)
				c.seconds(2)
				c.shows(tt.want)
				c.hides("makes the first one")
			})
		})
	}
}

func TestTopFlowsSayWhyTheyAreNotKnownAtEveryWidth(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		inConsole(t, size[0], size[1], func(s *tuitest.Site) { s.NoAccounting = true }, func(c *console) {
			c.seconds(2)
			c.shows("not known: conntrack counts no bytes")
		})
	}
}
