package find

import (
	"strconv"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
)

// problemLanguage is what the filter of the list may ask.
var problemLanguage = []query.Key{query.Table, query.State, query.Rule}

// SpeakProblems makes the language that of the problems.
func (n *Names) SpeakProblems() {
	n.Speak(problemLanguage, map[query.Key][]string{
		query.Table: append(tableNames(), "tables"), query.State: {tables.Error.String(), tables.Warning.String()}})
}

// ProblemRecords shows problems to the filter.
func ProblemRecords(all tables.Problems) func(i int) query.Record {
	return func(i int) query.Record { return &problemRecord{all[i]} }
}

// problemRecord is a problem as the filter sees it.
type problemRecord struct{ tables.Problem }

// Addrs appends nothing.
func (r *problemRecord) Addrs(_ query.Key, to []query.Span) []query.Span { return to }

// Ports appends nothing.
func (r *problemRecord) Ports(_ query.Key, to []query.Ports) []query.Ports { return to }

// Words appends where the problem is and how bad.
func (r *problemRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Table:
		return append(to, r.File)
	case query.State:
		return append(to, r.Severity.String())
	case query.Rule:
		return append(to, r.File+":"+strconv.Itoa(r.Line))
	}
	return to
}

// Text appends what the list shows.
func (r *problemRecord) Text(to []byte) []byte { return append(to, r.Error()...) }
