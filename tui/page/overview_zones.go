package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// zoneRates is what a zone does per second.
type zoneRates struct {
	in, out float64 // bytes
	fresh   float64 // flows that begin
	line    []float64
}

// zoneHistory is what every zone does, with the bytes that came in during the
// last minute.
type zoneHistory map[string]*zoneRates

// historyLen is how many readings a sparkline remembers.
const historyLen = 60

// add adds up the interfaces of each zone. Without tables there are no zones.
func (h *zoneHistory) add(cfg *tables.Config, t *engine.TrafficSnapshot) {
	if cfg == nil || !t.Rated {
		return
	}
	now := make(zoneHistory)
	for _, zone := range cfg.Zones() {
		now[zone] = &zoneRates{}
		if old := (*h)[zone]; old != nil {
			now[zone].line = old.line
		}
	}
	for i := range t.Interfaces {
		if z := now[zoneOf(cfg, t.Interfaces[i].Name)]; z != nil {
			z.in += t.Interfaces[i].In
			z.out += t.Interfaces[i].Out
			z.fresh += t.Interfaces[i].New
		}
	}
	for _, z := range now {
		z.line = append(z.line, z.in)
		z.line = z.line[max(len(z.line)-historyLen, 0):]
	}
	*h = now
}

// zoneOf is the zone of an interface: that of the first row which names it, as
// the rules ask. This host itself, which has no interface, is FW.
func zoneOf(cfg *tables.Config, name string) string {
	if name == "" {
		return tables.FW
	}
	if cfg == nil {
		return ""
	}
	for i := range cfg.Interfaces {
		row := &cfg.Interfaces[i]
		prefix, wildcard := strings.CutSuffix(row.Name, "+")
		if row.Name == name || wildcard && strings.HasPrefix(name, prefix) {
			return row.Zone
		}
	}
	return ""
}

// deniedByZone adds up how many packets the rows of each source zone turn away
// per second.
func deniedByZone(rows []engine.RowCounter) map[string]float64 {
	by := make(map[string]float64)
	for i := range rows {
		if zone, denies := rowZone(&rows[i]); denies {
			by[zone] += rows[i].Rate
		}
	}
	return by
}

// rowZone is the source zone of a rule that counted, and whether the rule
// turns packets away.
func rowZone(r *engine.RowCounter) (zone string, denies bool) {
	cells := strings.Fields(r.Text)
	if r.Row.Line == 0 || r.Row.Kind != tables.Rules || len(cells) == 0 {
		return "", false
	}
	return cells[0], !strings.HasPrefix(cells[len(cells)-1], tables.Accept.String())
}
