package tui

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// benchConsole is a console on a screen of 120x40 with so many flows and
// rules.
func benchConsole(b testing.TB, flows, rules int) *console {
	site := tuitest.New(time.Now)
	site.FlowCount = flows
	var text strings.Builder
	for i := range rules {
		fmt.Fprintf(&text, "ext             FW               admins               ALL                    %s          accept\n", []string{"ssh", "http", "dns"}[i%3])
	}
	site.Files["rules"] = &fstest.MapFile{Data: []byte(text.String())}
	c := &console{TB: b, model: newModel(b.Context(), site, style.New(style.Basic(), style.Unicode()), time.Now), site: site}
	c.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	c.do(c.Init())
	return c
}

// BenchmarkView draws each page once. The console must do that in under 2 ms.
func BenchmarkView(b *testing.B) {
	c := benchConsole(b, 1000, 1000)
	for _, at := range screens {
		c.do(c.show(at))
		b.Run(string(c.page().Title()), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = c.View()
			}
		})
	}
}

// BenchmarkKey moves by one row and draws. It must not depend on the number of
// rows, and take under 5 ms.
func BenchmarkKey(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		c := benchConsole(b, n, n/10)
		for _, at := range []page.Screen{page.FlowsScreen, page.PolicyScreen} {
			c.do(c.show(at))
			b.Run(fmt.Sprintf("%s/%d", c.page().Title(), n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.send(keyPress("j"))
					_ = c.View()
				}
			})
		}
	}
}

// BenchmarkPalette opens a palette that is as full as it gets, and types a letter
// into it and deletes it: the first one, after which everything is looked at, and
// the third. Each key must take under 5 ms.
func BenchmarkPalette(b *testing.B) {
	c := benchConsole(b, 1000, 10_000)
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.send(keyPress(":"))
			_ = c.View()
			c.send(keyPress("esc"))
		}
	})
	c.send(keyPress(":"))
	for _, before := range []string{"", "ss"} {
		for _, k := range before {
			c.send(keyPress(string(k)))
		}
		last := "s"
		if before != "" {
			last = "h"
		}
		b.Run(before+last, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.send(keyPress(last))
				_ = c.View()
				c.send(keyPress("backspace"))
			}
		})
	}
}

// BenchmarkFilterKey types into the filter of 100,000 flows, which sorts what
// is kept.
func BenchmarkFilterKey(b *testing.B) {
	c := benchConsole(b, 100_000, 10)
	c.do(c.show(page.FlowsScreen))
	c.send(keyPress("/"))
	for _, k := range "port:44" {
		c.send(keyPress(string(k)))
	}
	for b.Loop() {
		c.send(keyPress("3"))
		_ = c.View()
		c.send(keyPress("backspace"))
	}
}
