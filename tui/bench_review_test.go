package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// BenchmarkReviewScreen draws the Review of 10,000 rows that all differ on
// 120x40, and moves by one of them: under 2 ms and under 5 ms.
func BenchmarkReviewScreen(b *testing.B) {
	site := tuitest.New(time.Now)
	manyRules(site, 10_000)
	c := &console{TB: b, model: newModel(b.Context(), site, style.New(style.Basic(), style.Unicode()), time.Now), site: site}
	c.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	c.do(c.Init())
	c.send(keyPress("3"))
	b.Run("view", func(b *testing.B) {
		for b.Loop() {
			_ = c.View()
		}
	})
	b.Run("key", func(b *testing.B) {
		for b.Loop() {
			c.send(keyPress("j"))
			_ = c.View()
		}
	})
	b.Run("copy", func(b *testing.B) {
		for b.Loop() {
			c.copy()
		}
	})
}
