package page

import (
	"strconv"

	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/words"
)

// record is one for this list.
func (f *Flows) record() *find.FlowRecord {
	return &find.FlowRecord{Names: f.names.known(f.Desk.Config())}
}

// values are the terms of the selected flow.
func (f *Flows) values() []string {
	i, ok := f.table.Selected()
	if !ok || i >= f.snap.Flows.Len() {
		return nil
	}
	r := new(find.FlowRecord).Take(&f.snap, i)
	w := &r.Flow
	terms := []string{query.Term(query.Src, w.Orig.Src.String()), query.Term(query.Dst, w.Orig.Dst.String())}
	if words.HasPorts(w) {
		terms = append(terms, query.Term(query.DPort, strconv.Itoa(int(w.Orig.DstPort))))
	}
	if v := r.Verdict; v != nil {
		terms = append(terms, query.Term(query.Zone, v.From+">"+v.To))
		if v.By != "" {
			terms = append(terms, query.Term(query.Rule, v.By))
		}
	}
	return append(terms, query.Term(query.Proto, words.Protocol(w)), query.Term(query.State, w.State))
}
