package page

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/query"
)

// pastLanguage is what the filter of the applies may ask.
var pastLanguage = []query.Key{query.Who, query.State}

// pastRecord is an apply as the filter sees it.
type pastRecord struct{ *engine.Generation }

// Addrs appends nothing.
func (r *pastRecord) Addrs(_ query.Key, to []query.Span) []query.Span { return to }

// Ports appends nothing.
func (r *pastRecord) Ports(_ query.Key, to []query.Ports) []query.Ports { return to }

// Words appends who applied it and how that ended.
func (r *pastRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Who:
		return append(to, r.Who)
	case query.State:
		return append(to, string(r.Result))
	}
	return to
}

// Text appends when, who, how it ended, and its name.
func (r *pastRecord) Text(to []byte) []byte {
	to = r.When.AppendFormat(to, "2006-01-02 15:04:05")
	for _, s := range []string{r.Who, string(r.Result), r.ID} {
		to = append(append(to, ' '), s...)
	}
	return to
}
