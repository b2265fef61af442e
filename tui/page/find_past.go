package page

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/query"
)

// pastLanguage is what the filter of the applies may ask.
var pastLanguage = []query.Key{query.Who, query.State}

// SpeakPast makes the language that of the history.
func (n *listNames) SpeakPast() { n.Speak(pastLanguage, nil) }

// pastRecord is an event of the history as the filter sees it, with when it was
// and how it ended in the words of the screen.
type pastRecord struct {
	*engine.Generation
	when, end string
}

// pastRecords are the events as the filter sees them, the latest first.
func pastRecords(entries []engine.Generation) []pastRecord {
	records, running := make([]pastRecord, len(entries)), runningOf(entries)
	for i := range entries {
		g := &entries[i]
		records[i] = pastRecord{g, string(whenWords(g)), string(endWords(g, running))}
	}
	return records
}

// Addrs appends nothing.
func (r *pastRecord) Addrs(_ query.Key, to []query.Span) []query.Span { return to }

// Ports appends nothing.
func (r *pastRecord) Ports(_ query.Key, to []query.Ports) []query.Ports { return to }

// Words appends who applied it and how that ended, in the words of the screen
// and in those of the command line.
func (r *pastRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Who:
		return append(to, r.Who, r.By)
	case query.State:
		return append(to, r.end, string(r.Result))
	}
	return to
}

// Text appends when, who, how it ended, and its name.
func (r *pastRecord) Text(to []byte) []byte {
	to = append(to, r.when...)
	for _, s := range []string{r.Who, r.By, r.end, r.Reason, r.ID} {
		to = append(append(to, ' '), s...)
	}
	return to
}
