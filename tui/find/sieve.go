package find

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/query"
)

// Sieve says which rows of a list a filter keeps, and what in the filter cannot
// be read; such a filter keeps none.
type Sieve struct {
	Keep     func(i int) bool
	Problems []query.Problem
}

// Flows reads a filter as the list of flows does, for who says the flows
// line by line: a word is looked for in the line of a flow.
func Flows(d *desk.Desk, snap *engine.LiveFlows, filter string, line func(i int) string) Sieve {
	n := NewNames(d)
	n.SpeakFlows()
	record := &FlowRecord{}
	return n.sieve(filter, func(i int) query.Record { return record.Take(snap, i) }, line)
}

// Counters does so for the counters by row.
func Counters(d *desk.Desk, rows []engine.RowCounter, filter string, line func(i int) string) Sieve {
	n := NewNames(d)
	n.SpeakCounters()
	return n.sieve(filter, CounterRecords(&n, rows), line)
}

// Rows does so for lines of a table as edited.
func Rows(d *desk.Desk, k tables.Kind, lines []int, filter string, line func(i int) string) Sieve {
	n, signs := NewNames(d), &desk.Signs{}
	signs.Take(d, k)
	return n.sieve(filter, RowRecords(&n, k, d.Set().File(k), lines, signs), line)
}

// Problems does so for problems of the tables.
func Problems(d *desk.Desk, all tables.Problems, filter string, line func(i int) string) Sieve {
	n := NewNames(d)
	n.SpeakProblems()
	return n.sieve(filter, ProblemRecords(all), line)
}

// Past does so for the events of the history.
func Past(d *desk.Desk, entries []engine.Generation, filter string, line func(i int) string) Sieve {
	n := NewNames(d)
	n.SpeakPast()
	records := PastRecords(entries)
	return n.sieve(filter, func(i int) query.Record { return &records[i] }, line)
}

func (n *Names) sieve(filter string, record func(i int) query.Record, line func(i int) string) Sieve {
	keep, problems := n.Ask(filter, func(i int) query.Record { return saidRecord{record(i), func() string { return line(i) }} })
	if keep == nil {
		keep = func(int) bool { return true }
	}
	return Sieve{keep, problems}
}

// saidRecord is a row whose text is what is said of it.
type saidRecord struct {
	query.Record
	line func() string
}

// Text appends the line.
func (r saidRecord) Text(to []byte) []byte { return append(to, r.line()...) }
