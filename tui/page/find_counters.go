package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
)

// counterKeys are what the filter of the counters by row may ask.
var counterKeys = []query.Key{
	query.Src, query.Dst, query.IP, query.Zone, query.Port, query.DPort, query.SPort, query.Proto, query.Action, query.NAT,
	query.Iface, query.Table, query.Rule, query.Family,
}

// SpeakCounters makes the language that of the counters by row.
func (n *listNames) SpeakCounters() {
	n.Speak(counterKeys, map[query.Key][]string{query.Table: tableNames(), query.Action: actionWords()})
}

// counterRecords shows the counters by row to the filter.
func counterRecords(n *listNames, rows []engine.RowCounter) func(i int) query.Record {
	record := &rowRecord{names: n}
	return func(i int) query.Record {
		r := &rows[i]
		record.kind, record.line, record.where = r.Row.Kind, r.Row.Line, counterName(r)
		record.cells = append(record.cells[:0], strings.Fields(r.Text)...)
		if r.Row.Line == 0 { // a part that no row stands for
			record.kind, record.cells = tables.Options, append(record.cells[:0], r.Row.Name)
		}
		return record
	}
}
