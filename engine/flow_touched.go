package engine

import (
	"sync"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// TouchedFlow is a flow and what a change means for it.
type TouchedFlow struct {
	Flow
	Meaning
}

// Meaning is what a change means for a flow: its fate, and its verdicts as a new
// connection, by the rules that run and by those that would.
type Meaning struct {
	Fate          Fate
	Before, After string
	From, To      string // zones, "FW" for this host
}

// TouchedList is any number of touched flows in the memory of a FlowList. The
// zero value is empty.
type TouchedList struct {
	flows live.FlowList
	at    []int32    // the places of the touched ones in flows
	means []*Meaning // of each; equal ones are one
}

// ListTouched makes a list of touched flows.
func ListTouched(flows ...TouchedFlow) TouchedList {
	var l TouchedList
	distinct := make(map[Meaning]*Meaning)
	for i := range flows {
		m := distinct[flows[i].Meaning]
		if m == nil {
			m = &flows[i].Meaning
			distinct[*m] = m
		}
		l.flows.Append(&flows[i].Flow)
		l.at, l.means = append(l.at, int32(i)), append(l.means, m)
	}
	return l
}

// touchedOf are the flows that a change means something for, worst first; means
// has one for each flow, nil for none.
func touchedOf(flows live.FlowList, means []*Meaning) TouchedList {
	l := TouchedList{flows: flows}
	for _, fate := range []Fate{Cut, Grandfathered, Opens} {
		for i, m := range means {
			if m != nil && m.Fate == fate {
				l.at, l.means = append(l.at, int32(i)), append(l.means, m)
			}
		}
	}
	return l
}

// Len is the number of flows.
func (l *TouchedList) Len() int { return len(l.at) }

// At is the i-th flow, made anew each time.
func (l *TouchedList) At(i int) TouchedFlow {
	return TouchedFlow{l.flows.At(int(l.at[i])), *l.means[i]}
}

// verdicts are what a meaning is made of.
type verdicts struct {
	before, after     ruleset.Outcome
	beforeBy, afterBy decision
	in, out           string // interfaces
}

// meanings makes each meaning once: a change touches many flows in few ways.
type meanings struct {
	words *impactWords

	mu       sync.Mutex
	known    map[meaningCase]*Meaning
	distinct map[Meaning]*Meaning
}

type meaningCase struct {
	fate Fate
	verdicts
}

func newMeanings(w *impactWords) *meanings {
	return &meanings{words: w, known: make(map[meaningCase]*Meaning), distinct: make(map[Meaning]*Meaning)}
}

// of is what a fate and verdicts mean, in words.
func (m *meanings) of(fate Fate, v verdicts) *Meaning {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.known[meaningCase{fate, v}]
	if known != nil {
		return known
	}
	made := Meaning{
		Fate: fate, Before: outcomeWords(v.before, v.beforeBy), After: outcomeWords(v.after, v.afterBy),
		From: m.words.zoneOf(v.in), To: m.words.zoneOf(v.out),
	}
	if known = m.distinct[made]; known == nil {
		known = &made
		m.distinct[made] = known
	}
	m.known[meaningCase{fate, v}] = known
	return known
}
