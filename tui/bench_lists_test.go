package tui

import (
	"fmt"
	"runtime"
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
// every second time a new order. Of long lists that is worked out beside the
// console, and then taken over.
func BenchmarkFlowRefresh(b *testing.B) {
	for _, n := range listSizes {
		c := benchConsole(b, n, 10)
		c.do(c.show(page.FlowsScreen))
		now := time.Now()
		c.shared.Now = func() time.Time { return now }
		snapshot := func() tea.Msg { return c.page().Handle(page.Tick{}).Cmd() }
		b.Run(fmt.Sprintf("values/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				msg := snapshot()
				b.StartTimer()
				c.page().Handle(msg)
			}
		})
		for _, part := range []string{"order beside", "order taken"} {
			b.Run(fmt.Sprintf("%s/%d", part, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					now = now.Add(3 * time.Second)
					effect := c.page().Handle(snapshot())
					if effect.Cmd == nil { // a short list is in order already
						effect.Cmd = func() tea.Msg { return nil }
					}
					if part == "order beside" {
						b.StartTimer()
					}
					msg := effect.Cmd()
					if part == "order taken" {
						b.StartTimer()
					} else {
						b.StopTimer()
					}
					c.page().Handle(msg)
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

// TestFlowsPageIsSmall proves that the page takes less than 60 MB for 100,000
// flows, also while it is paused and holds two snapshots.
func TestFlowsPageIsSmall(t *testing.T) {
	const flows, limit = 100_000, 60 << 20
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
	})
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
