package tui

import (
	"fmt"
	"slices"
	"testing"
)

// explainWeb asks for the way of a packet to the published web server.
func explainWeb(c *console) {
	c.press("6", "e")
	c.text("203.0.113.9:51022")
	c.press("tab")
	c.text("lan_router_ext:http-alt")
	c.press("enter")
}

// modes are the ways to look at the screens of live data and of the packet
// trace, beside their first sight in views. Each is drawn at every size; the
// ones with sizes have a golden.
var modes = []struct {
	name  string
	goTo  func(*console)
	sizes [][2]int
}{
	{"containers-sorted", func(c *console) { c.press("tab"); c.press(slices.Repeat([]string{"s"}, 6)...); c.seconds(3) }, nil},
	{"containers-filter", func(c *console) { c.press("tab", "/"); c.text("port:8080") }, nil},
	{"explain-empty", func(c *console) { c.press("6") }, nil},
	{"explain", func(c *console) {
		c.press("2", "j", "j", "j", "j", "d") // without the row that rejects the rest, the virtual decides
		explainWeb(c)
		c.press("r")
		c.text("munin")
		c.press("enter")
	}, [][2]int{{80, 24}, {120, 40}}},
	{"explain-edit", func(c *console) { explainWeb(c); c.press("e", "tab", "ctrl+u"); c.text("lan_nsa") }, nil},
	{"explain-pick", func(c *console) { explainWeb(c); c.press("r"); c.text("ext") }, nil},
	{"explain-errors", func(c *console) { c.press("2", "o", "esc"); explainWeb(c); c.press("tab", "k") }, nil},
	{"explain-trace", func(c *console) { explainWeb(c); c.press("T") }, [][2]int{{80, 24}}},
	{"flows-wide", func(c *console) {
		c.press("4", "j", "space", "space", "b")
		c.seconds(8)
	}, [][2]int{{80, 24}, {120, 40}}},
	{"flows-grouped", func(c *console) { c.press("4", "o", "o", "o", "j"); c.seconds(3) }, [][2]int{{80, 24}}},
	{"flows-sources", func(c *console) { c.press("4", "o", "s", "s") }, nil},
	{"flows-marked", func(c *console) {
		c.press("4", "/")
		c.text("dst")
		c.press("enter", "space", "G", "space", "p")
		c.seconds(4)
	}, nil},
	{"counters-tree", func(c *console) { c.press("5"); c.seconds(20); c.press("tab", "G", "k", "k", "k", "enter", "j") }, [][2]int{{80, 24}}},
	{"counters-nat", func(c *console) { c.press("5", "tab", "t") }, nil},
	{"counters-unused", func(c *console) { c.press("5", "tab", "tab", "j"); c.seconds(6) }, [][2]int{{80, 24}}},
	{"counters-parity", func(c *console) { c.press("5", "shift+tab", "j", "p"); c.seconds(3) }, nil},
	{"counters-filter", func(c *console) { c.press("5", "tab", "/"); c.text("docker") }, nil},
}

func TestModes(t *testing.T) {
	for _, m := range modes {
		for _, size := range m.sizes {
			name := fmt.Sprintf("%s-%dx%d", m.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				inConsole(t, size[0], size[1], nil, func(c *console) {
					m.goTo(c)
					c.golden(name)
				})
			})
		}
	}
}

func TestEveryModeFitsEverySize(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				m.goTo(c)
				checkEverySize(c, m.name)
			})
		})
	}
}

func TestHostileTextStaysTextInEveryMode(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			inConsole(t, 80, 24, poison, func(c *console) {
				m.goTo(c)
				checkClean(c, m.name)
				checkFrame(c, m.name)
			})
		})
	}
}
