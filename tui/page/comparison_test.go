package page

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func testShared() *Shared { return &Shared{Styles: style.New(style.Mono(), style.ASCII())} }

func pressed(key string) tea.KeyPressMsg {
	if key == "tab" {
		return tea.KeyPressMsg{Code: tea.KeyTab}
	}
	return tea.KeyPressMsg{Code: []rune(key)[0], Text: key}
}

func TestSelectedRowScrollsTheRulesOfBothFamilies(t *testing.T) {
	c := newComparison(testShared())
	c.set(desk.NewCompared(tuitest.Difference(500)))
	c.render(120, 40)
	for range 300 {
		c.key(pressed("j"))
	}
	screen := ansi.Strip(strings.Join(c.render(120, 40), "\n"))
	for _, want := range []string{"rules:301", "action accept -> drop"} {
		if !strings.Contains(screen, want) {
			t.Errorf("%q is not shown:\n%s", want, screen)
		}
	}
	if minus, plus := strings.Count(screen, "->in eth0"), strings.Count(screen, "+>in eth0"); minus != 2 || plus != 2 {
		t.Errorf("%d old and %d new rules are lit, want one of each in each family:\n%s", minus, plus, screen)
	}
}

func TestComparisonFitsEverySize(t *testing.T) {
	c := newComparison(testShared())
	c.set(desk.NewCompared(tuitest.Difference(50)))
	for _, layout := range []comparisonLayout{byWidth, sideBySide, asTabs} {
		c.layout = layout
		for families := range familyChoices {
			c.families = families
			for _, tab := range []comparisonTab{rowsTab, v4Tab, v6Tab} {
				if c.tab = tab; !c.shows(tab) {
					continue
				}
				for width := 20; width <= 140; width += 7 {
					for height := 1; height <= 30; height += 3 {
						for _, line := range c.render(width, height) {
							if w := ansi.StringWidthWc(line); w > width {
								t.Fatalf("%d cells at %dx%d: %q", w, width, height, line)
							}
						}
					}
				}
			}
		}
	}
}

// BenchmarkComparison draws a difference of 10,000 rows and 100,000 lines on
// 120x40, and moves in it. A drawing must take under 2 ms, a key under 5 ms.
func BenchmarkComparison(b *testing.B) {
	for _, n := range []int{100, 10_000, 25_000} {
		of := desk.NewCompared(tuitest.Difference(n))
		for _, tab := range []comparisonTab{rowsTab, v4Tab} {
			c := newComparison(testShared())
			c.set(of)
			c.tab = tab
			b.Run(fmt.Sprintf("view/%d lines/tab %d", 4*n, tab), func(b *testing.B) {
				for b.Loop() {
					c.render(120, 40)
				}
			})
			b.Run(fmt.Sprintf("key/%d lines/tab %d", 4*n, tab), func(b *testing.B) {
				for b.Loop() {
					c.key(pressed("j"))
					c.render(120, 40)
				}
			})
			b.Run(fmt.Sprintf("section/%d lines/tab %d", 4*n, tab), func(b *testing.B) {
				for b.Loop() {
					c.key(pressed("n"))
					c.key(pressed("N"))
				}
			})
		}
	}
}
