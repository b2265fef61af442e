package find

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/words"
)

// counterKeys are what the filter of the counters by row may ask.
var counterKeys = []query.Key{
	query.Src, query.Dst, query.IP, query.Zone, query.Port, query.DPort, query.SPort, query.Proto, query.Action, query.NAT,
	query.Iface, query.Table, query.Rule, query.Family,
}

// SpeakCounters makes the language that of the counters by row.
func (n *Names) SpeakCounters() {
	n.Speak(counterKeys, map[query.Key][]string{query.Table: tableNames(), query.Action: actionWords()})
}

// CounterRecords shows the counters by row to the filter.
func CounterRecords(n *Names, rows []engine.RowCounter) func(i int) query.Record {
	record := &rowRecord{names: n}
	return func(i int) query.Record {
		r := &rows[i]
		record.kind, record.line, record.where = r.Row.Kind, r.Row.Line, words.CounterName(r)
		record.cells = append(record.cells[:0], strings.Fields(r.Text)...)
		if r.Row.Line == 0 { // a part that no row stands for
			record.kind, record.cells = tables.Options, append(record.cells[:0], r.Row.Name)
		}
		return record
	}
}
