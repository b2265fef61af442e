package tui

import (
	"fmt"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// view is a screen that is looked at: how to get there from the start.
type view struct {
	name string
	goTo func(*console)
}

var views = []view{
	{"overview", func(c *console) { c.seconds(5) }},
	{"containers", func(c *console) { c.seconds(5); c.press("tab", "G", "k") }},
	{"policy", func(c *console) { c.press("2", "j", "x") }},
	{"policy-edit", func(c *console) { c.press("2", "j", "j", "j", "l", "l", "e"); c.press("ctrl+u"); c.text("monitorng") }},
	{"policy-insert", func(c *console) { c.press("2", "j", "o"); c.text("ht") }},
	{"policy-marks", func(c *console) { c.press("2", "j", "space", "space") }}, // on a row without an IPv6 address
	{"policy-object", func(c *console) { c.press("2", "tab", "j", "j") }},
	{"policy-uses", func(c *console) { c.press("2", "tab", "j", "j", "j", "v", "j") }},
	{"policy-rename", func(c *console) { c.press("2", "tab", "j", "j", "j", "r"); c.text("2") }},
	{"problems", func(c *console) { c.press("w") }},
	{"review", func(c *console) { c.press("2", "j", "x", "3") }},
	{"review-v4", func(c *console) { c.press("2", "j", "x", "3", "tab") }},
	{"review-impact", func(c *console) { c.press("2", "j", "x", "3", "shift+tab", "j", "x") }},
	{"review-raw", func(c *console) { c.press("2", "j", "x", "3", "t") }},
	{"review-apply", func(c *console) { c.press("2", "j", "x", "3", "A") }},
	{"trial", func(c *console) {
		c.press("2", "j", "x", "3", "A", "y")
		c.site.LogIn(false)
		c.text("k7")
		c.seconds(1)
	}},
	{"flows", func(c *console) { c.press("4"); c.seconds(3); c.press("/"); c.text("port:443"); c.press("enter", "j") }},
	{"flows-paused", func(c *console) { c.press("4", "p"); c.seconds(4) }},
	{"denied", func(c *console) { c.press("4", "tab", "j"); c.seconds(2) }},
	{"counters", func(c *console) { c.press("5", "s", "s", "s", "s", "s") }},
	{"counters-chains", func(c *console) { c.press("5", "tab", "j", "j") }},
	{"history", func(c *console) { c.press("7", "j") }},
	{"history-detail", func(c *console) { c.press("7", "enter") }},
	{"help", func(c *console) { c.press("2", "?") }},
	{"help-search", func(c *console) { c.press("4", "?"); c.text("^d") }},
	{"palette", func(c *console) { c.press("2", ":"); c.text("del") }},
	{"filter-error", func(c *console) { c.press("4"); c.seconds(1); c.press("/"); c.text("src:lan_home port:many") }},
}

func TestScreens(t *testing.T) {
	for _, v := range views {
		for _, size := range [][2]int{{80, 24}, {120, 40}} {
			name := fmt.Sprintf("%s-%dx%d", v.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				inConsole(t, size[0], size[1], nil, func(c *console) {
					v.goTo(c)
					c.golden(name)
				})
			})
		}
	}
}

// checkFrame fails when a screen is not exactly as large as asked.
func checkFrame(c *console, what string) {
	c.Helper()
	lines, cursor := c.screen()
	if len(lines) != c.layout.height {
		c.Fatalf("%s at %dx%d: %d lines", what, c.layout.width, c.layout.height, len(lines))
	}
	for i, l := range lines {
		if w := ansi.StringWidthWc(l); w > c.layout.width {
			c.Fatalf("%s at %dx%d: line %d takes %d cells: %q", what, c.layout.width, c.layout.height, i+1, w, ansi.Strip(l))
		}
	}
	if cursor != nil && (cursor.X >= c.layout.width || cursor.Y >= c.layout.height) {
		c.Fatalf("%s at %dx%d: the cursor is at %d,%d", what, c.layout.width, c.layout.height, cursor.X, cursor.Y)
	}
}

func TestEveryScreenFitsEverySize(t *testing.T) {
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			inConsole(t, 80, 24, nil, func(c *console) {
				v.goTo(c)
				checkEverySize(c, v.name)
			})
		})
	}
}

// checkEverySize draws what the console shows at every size that it is made for
// and at some others. Under the race detector it takes a part of them, in which
// every width and every height occurs.
func checkEverySize(c *console, name string) {
	c.Helper()
	for width := 60; width <= 140; width++ {
		for height := 15 + width%raceStride; height <= 50; height += raceStride {
			c.layout = newLayout(width, height)
			checkFrame(c, name)
		}
	}
	for _, size := range [][2]int{{1, 1}, {10, 3}, {59, 40}, {200, 14}, {300, 100}} {
		c.layout = newLayout(size[0], size[1])
		checkFrame(c, name)
	}
}
