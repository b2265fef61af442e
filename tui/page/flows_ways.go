package page

import (
	"net/netip"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// flowWays knows the interfaces and zones that flows pass: by the routes of
// this host and the interfaces table, since conntrack does not say.
type flowWays struct {
	ask   Request
	read  time.Time
	ways  engine.Ways
	of    *tables.Config
	known map[netip.Addr]flowEnd
}

// flowEnd is where an address is.
type flowEnd struct{ iface, zone string }

// Routes change seldom; and a flood from made-up addresses must not be
// remembered for ever.
const (
	waysEvery = 30 * time.Second
	maxEnds   = 50_000
)

// refresh asks for the routes when those that are known are old.
func (w *flowWays) refresh(s *Shared) tea.Cmd {
	if w.ask.Busy() || s.Now().Sub(w.read) < waysEvery {
		return nil
	}
	return s.Calls.Ways(&w.ask)
}

// take takes the routes. An error leaves the ones before.
func (w *flowWays) take(m WaysMsg, now time.Time) {
	if !w.ask.Done(m.N) {
		return
	}
	if w.read = now; m.Err == nil {
		w.ways, w.known = m.Value, nil
	}
}

// end is where an address is, by the interfaces of a configuration.
func (w *flowWays) end(a netip.Addr, cfg *tables.Config) flowEnd {
	if w.of != cfg || w.known == nil || len(w.known) > maxEnds {
		w.of, w.known = cfg, make(map[netip.Addr]flowEnd)
	}
	end, ok := w.known[a]
	if !ok {
		end = w.find(a, cfg)
		w.known[a] = end
	}
	return end
}

func (w *flowWays) find(a netip.Addr, cfg *tables.Config) flowEnd {
	local, iface := w.ways.To(a)
	switch {
	case local:
		return flowEnd{zone: tables.FW}
	case cfg == nil:
		return flowEnd{iface: iface}
	}
	for i := range cfg.Interfaces {
		row := &cfg.Interfaces[i]
		stem, any := strings.CutSuffix(row.Name, "+")
		if row.Name == iface || any && iface != "" && strings.HasPrefix(iface, stem) {
			return flowEnd{iface, row.Zone}
		}
	}
	return flowEnd{iface: iface}
}
