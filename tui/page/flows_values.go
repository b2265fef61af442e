package page

import (
	"strconv"

	"github.com/mfwtui/mfwtui/tui/query"
)

// record is one for this list.
func (f *Flows) record() *flowRecord { return &flowRecord{names: f.names.known(f.Desk.Config())} }

// values are the terms of the selected flow.
func (f *Flows) values() []string {
	i, ok := f.table.Selected()
	if !ok || i >= f.snap.Flows.Len() {
		return nil
	}
	r := new(flowRecord).take(&f.snap, i)
	w := &r.Flow
	terms := []string{query.Term(query.Src, w.Orig.Src.String()), query.Term(query.Dst, w.Orig.Dst.String())}
	if hasPorts(w) {
		terms = append(terms, query.Term(query.DPort, strconv.Itoa(int(w.Orig.DstPort))))
	}
	if v := r.verdict; v != nil {
		terms = append(terms, query.Term(query.Zone, v.From+">"+v.To))
		if v.By != "" {
			terms = append(terms, query.Term(query.Rule, v.By))
		}
	}
	return append(terms, query.Term(query.Proto, protoName(w)), query.Term(query.State, w.State))
}
