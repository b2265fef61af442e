package engine_test

import (
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/tables"
)

// scenario is a row of the black-box scenarios: tables, what becomes of real
// packets when they are applied, and what a check says about them.
type scenario struct {
	rules, virtuals, options string
	interfaces               string   // instead of the shared ones
	packets                  []string // see question
	cold                     bool     // with empty neighbour caches
	warns                    []string // each is part of a warning
	// prepare changes the lab before the tables are applied, also looks at
	// the result.
	prepare func(*site)
	also    func(*site, *engine.Preview)
}

// run applies the tables with the real transaction on each back end and sends
// the packets.
func (sc scenario) run(t *testing.T) {
	t.Helper()
	t.Parallel()
	onEachBackend(t, needsOf(t, sc.packets), func(t *testing.T, s *site) {
		if sc.prepare != nil {
			sc.prepare(s)
		}
		files := map[tables.Kind]string{
			tables.Rules: sc.rules, tables.Virtuals: sc.virtuals, tables.Options: sc.options,
		}
		if sc.interfaces != "" {
			files[tables.Interfaces] = sc.interfaces
		}
		s.tables(files)
		questions := s.questions(sc.packets...)
		p := s.apply()
		warned(t, p.Problems, sc.warns...)
		if sc.cold {
			s.forgetNeighbours(questions)
		}
		s.ask(questions)
		if sc.also != nil {
			sc.also(s, p)
		}
	})
}

// forgetNeighbours empties the neighbour caches of the firewall and of those who
// ask it.
func (s *site) forgetNeighbours(questions []question) {
	s.t.Helper()
	hosts := []*lab.Host{s.Firewall}
	for _, q := range questions {
		hosts = append(hosts, s.Host(q.from))
	}
	for _, h := range hosts {
		if err := h.FlushNeighbours(); err != nil {
			s.t.Fatal(err)
		}
	}
}
