package find

import (
	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/words"
)

// pastLanguage is what the filter of the applies may ask.
var pastLanguage = []query.Key{query.Who, query.State}

// SpeakPast makes the language that of the history.
func (n *Names) SpeakPast() { n.Speak(pastLanguage, nil) }

// PastRecord is an event of the history as the filter sees it, with when it was
// and how it ended in the words of the screen.
type PastRecord struct {
	*engine.Generation
	when, End string
}

// PastRecords are the events as the filter sees them, the latest first.
func PastRecords(entries []engine.Generation) []PastRecord {
	records, running := make([]PastRecord, len(entries)), words.Running(entries)
	for i := range entries {
		g := &entries[i]
		records[i] = PastRecord{g, string(words.PastWhen(g)), string(words.PastEnd(g, running))}
	}
	return records
}

// Addrs appends nothing.
func (r *PastRecord) Addrs(_ query.Key, to []query.Span) []query.Span { return to }

// Ports appends nothing.
func (r *PastRecord) Ports(_ query.Key, to []query.Ports) []query.Ports { return to }

// Words appends who applied it and how that ended, in the words of the screen
// and in those of the command line.
func (r *PastRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Who:
		return append(to, r.Who, r.By)
	case query.State:
		return append(to, r.End, string(r.Result))
	}
	return to
}

// Text appends when, who, how it ended, and its name.
func (r *PastRecord) Text(to []byte) []byte {
	to = append(to, r.when...)
	for _, s := range []string{r.Who, r.By, r.End, r.Reason, r.ID} {
		to = append(append(to, ' '), s...)
	}
	return to
}
