package page

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
)

// Sieve says which rows of a list a filter keeps, and what in the filter cannot
// be read; such a filter keeps none.
type Sieve struct {
	Keep     func(i int) bool
	Problems []query.Problem
}

// SieveFlows reads a filter as the list of flows does, for who says the flows
// line by line: a word is looked for in the line of a flow.
func SieveFlows(d *Desk, snap *engine.LiveFlows, filter string, line func(i int) string) Sieve {
	n := newNames(d)
	n.SpeakFlows()
	record := &flowRecord{}
	return n.sieve(filter, func(i int) query.Record { return record.take(snap, i) }, line)
}

// SieveCounters does so for the counters by row.
func SieveCounters(d *Desk, rows []engine.RowCounter, filter string, line func(i int) string) Sieve {
	n := newNames(d)
	n.SpeakCounters()
	return n.sieve(filter, counterRecords(&n, rows), line)
}

// SieveRows does so for lines of a table as edited.
func SieveRows(d *Desk, k tables.Kind, lines []int, filter string, line func(i int) string) Sieve {
	n, signs := newNames(d), &rowSigns{}
	signs.take(d, k)
	return n.sieve(filter, rowRecords(&n, k, d.Set().File(k), lines, signs), line)
}

// SieveProblems does so for problems of the tables.
func SieveProblems(d *Desk, all tables.Problems, filter string, line func(i int) string) Sieve {
	n := newNames(d)
	n.SpeakProblems()
	return n.sieve(filter, func(i int) query.Record { return &problemRecord{all[i]} }, line)
}

// SievePast does so for the events of the history.
func SievePast(d *Desk, entries []engine.Generation, filter string, line func(i int) string) Sieve {
	n := newNames(d)
	n.SpeakPast()
	records := pastRecords(entries)
	return n.sieve(filter, func(i int) query.Record { return &records[i] }, line)
}

func (n *listNames) sieve(filter string, record func(i int) query.Record, line func(i int) string) Sieve {
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
