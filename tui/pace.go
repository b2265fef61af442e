package tui

import (
	"fmt"
	"slices"
	"time"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// pace is how often live screens are read and drawn anew: as the person wants,
// and less often when the link is slow.
type pace struct {
	chosen time.Duration
	byHand bool // chosen since the link became slow: the person decides
	slow   int  // how far the link slowed the console down: an index of slowed
	good   int  // good judgements in a row
	waited time.Duration
}

// steps are what + and - go through.
func steps() []time.Duration {
	return []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute}
}

// slowed are the least pauses of a slow link, the longer the slower.
func slowed() []time.Duration { return []time.Duration{0, 2 * time.Second, 5 * time.Second} }

// recovery is how many good judgements in a row take one step of slowness
// back.
const recovery = 2

// every is the pause between two readings.
func (p *pace) every() time.Duration {
	if p.byHand {
		return p.chosen
	}
	return max(p.chosen, slowed()[p.slow])
}

// second lets a second go by and reports whether it is time to read.
func (p *pace) second() bool {
	if p.waited += time.Second; p.waited < p.every() {
		return false
	}
	p.waited = 0
	return true
}

// judge takes a judgement of the link: slow at once, back with patience.
func (p *pace) judge(slow bool) {
	switch {
	case slow:
		if p.slow == 0 {
			p.byHand = false
		}
		p.slow, p.good = min(p.slow+1, len(slowed())-1), 0
	case p.slow > 0:
		if p.good++; p.good == recovery {
			p.slow, p.good = p.slow-1, 0
		}
	}
}

// turn makes the pause shorter or longer by one step.
func (p *pace) turn(by int) {
	all := steps()
	at, exact := slices.BinarySearch(all, p.every())
	if !exact && by > 0 { // the place is that of the next longer one already
		by--
	}
	p.chosen, p.byHand = all[max(min(at+by, len(all)-1), 0)], true
}

// turnPace changes the pace by hand and says so.
func (m *model) turnPace(by int) {
	m.pace.turn(by)
	m.note = page.Note{Text: widget.Format("live screens are read every %s", seconds(m.pace.every()))}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%d s", int(d.Seconds())) }

// meter judges the link, and reports whether the terminal is to be asked again:
// not while text is typed or a question is open, for should the answer be torn
// apart on its way, its letters must not count there.
func (m *model) meter() (ask bool) {
	if slow, known := m.link.judge(); known {
		m.pace.judge(slow)
		m.shared.Styles.Glyphs.Spark = m.sparks
		if m.pace.slow > 0 {
			m.shared.Styles.Glyphs.Spark = nil
		}
	}
	_, waiting := m.link.open()
	return !waiting && m.ticks%askEvery == 0 && m.dialog == nil && m.find == nil && m.help == nil && (m.at == page.TrialScreen || !m.page().Typing())
}

// askEvery is how often the terminal is asked, in seconds.
const askEvery = 5
