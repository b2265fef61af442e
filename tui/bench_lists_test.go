package tui

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// listSizes are how many flows the console is asked to bear.
var listSizes = []int{1000, 10_000, 100_000}

// BenchmarkFlowKeys presses each key of the list. None may take 5 ms, however
// many flows there are: what takes longer goes on beside the console.
func BenchmarkFlowKeys(b *testing.B) {
	for _, n := range listSizes {
		c := benchConsole(b, n, 10)
		c.do(c.show(page.FlowsScreen))
		for _, sorts := range []string{"source", "destination", "state", "nat", "rate"} {
			c.press1("s")
			b.Run(fmt.Sprintf("sort by %s/%d", sorts, n), func(b *testing.B) { benchKey(b, c, "S") })
		}
		for _, k := range []string{"j", "G", "g", "space", "p", "b"} {
			b.Run(fmt.Sprintf("%s/%d", k, n), func(b *testing.B) { benchKey(b, c, k) })
		}
		c.press1("/")
		b.Run(fmt.Sprintf("letter of the filter/%d", n), func(b *testing.B) { benchKey(b, c, "4") })
		c.press1("esc")
		b.Run(fmt.Sprintf("group/%d", n), func(b *testing.B) { benchKey(b, c, "o") })
	}
}

// press1 presses a key at once.
func (c *console) press1(key string) { c.send(keyPress(key)) }

// benchKey presses a key and draws; the commands that follow run beside the
// console, so they do not count.
func benchKey(b *testing.B, c *console, key string) {
	b.ReportAllocs()
	for b.Loop() {
		c.Update(keyPress(key))
		_ = c.View()
	}
}

// BenchmarkFlowRefresh takes a new snapshot: new values in the old order, and
// every second time a new order. Held is how long the console is held up, which
// may not be 5 ms however many flows there are; beside is what goes on beside it
// for a long list.
func BenchmarkFlowRefresh(b *testing.B) {
	for _, n := range listSizes {
		c := benchConsole(b, n, 10)
		c.do(c.show(page.FlowsScreen))
		benchRefresh(b, c, n)
	}
}

// BenchmarkFlowGroups does both with flows that are grouped by source, each of
// which is another one.
func BenchmarkFlowGroups(b *testing.B) {
	for _, n := range append([]int{10}, listSizes...) {
		c := benchConsole(b, n, 10)
		c.do(c.show(page.FlowsScreen))
		c.press1("o")
		if screen := c.View().Content; !strings.Contains(screen, fmt.Sprintf("%d groups by source", n)) {
			b.Fatal(screen)
		}
		benchRefresh(b, c, n)
		for _, k := range []string{"j", "G", "s", "S"} {
			b.Run(fmt.Sprintf("%s/%d", k, n), func(b *testing.B) { benchKey(b, c, k) })
		}
	}
}

// benchRefresh takes new snapshots of n flows.
func benchRefresh(b *testing.B, c *console, n int) {
	now := time.Now()
	c.shared.Now = func() time.Time { return now }
	for _, what := range []string{"values", "order"} {
		for _, where := range []string{"held", "beside"} {
			b.Run(fmt.Sprintf("%s %s/%d", what, where, n), func(b *testing.B) {
				timed := func(here string, f func()) {
					if here == where {
						b.StartTimer()
						defer b.StopTimer()
					}
					f()
				}
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					if what == "order" {
						now = now.Add(3 * time.Second)
					}
					msg := c.page().Handle(page.Shown{}).Cmd()
					var effect page.Effect
					timed("held", func() { effect = c.page().Handle(msg) })
					if effect.Cmd != nil {
						timed("beside", func() { msg = effect.Cmd() })
						timed("held", func() { c.page().Handle(msg) })
					}
					b.StartTimer()
				}
			})
		}
	}
}

// BenchmarkCounterRefresh takes new counters of long tables in each view.
func BenchmarkCounterRefresh(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		c := benchConsole(b, 10, n)
		c.do(c.show(page.CountersScreen))
		for _, view := range []string{"rows", "chains", "unused", "parity"} {
			b.Run(fmt.Sprintf("%s/%d", view, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					msg := c.page().Handle(page.Tick{}).Cmd()
					b.StartTimer()
					c.Update(msg)
					_ = c.View()
				}
			})
			c.press1("tab")
		}
	}
}

// BenchmarkModeView draws the screens of this file's modes; each must take less
// than 2 ms.
func BenchmarkModeView(b *testing.B) {
	for _, m := range modes {
		b.Run(m.name, func(b *testing.B) {
			site := tuitest.New(time.Now)
			c := &console{TB: b, model: newModel(b.Context(), site, style.New(style.Basic(), style.Unicode()), time.Now), site: site}
			c.send(tea.WindowSizeMsg{Width: 120, Height: 40})
			c.do(c.Init())
			c.quick = true
			m.goTo(c)
			b.ReportAllocs()
			for b.Loop() {
				_ = c.View()
			}
		})
	}
}

// TestFlowsPageIsSmall proves that the page takes less than 45 MB for 100,000
// flows, also while it is paused and holds two snapshots. The snapshots of the
// site share nothing, as those of a follower do.
func TestFlowsPageIsSmall(t *testing.T) {
	const flows, limit = 100_000, 45 << 20
	inConsole(t, 120, 40, func(s *tuitest.Site) { s.FlowCount = flows }, func(c *console) {
		before := heap()
		c.press("4", "s", "G", "space", "p")
		c.seconds(2)
		if used := heap() - before; used > limit {
			t.Errorf("%d flows take %d MB", flows, used>>20)
		} else {
			t.Logf("%d flows take %d MB", flows, used>>20)
		}
		c.press("p", "o")
		c.seconds(2)
		if used := heap() - before; used > limit {
			t.Errorf("%d flows in groups take %d MB", flows, used>>20)
		} else {
			t.Logf("%d flows in groups take %d MB", flows, used>>20)
		}
		runtime.KeepAlive(c)
	})
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
