package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
)

// zoneHistory are the bytes that came into each zone per second in the last
// minute.
type zoneHistory map[string][]float64

// historyLen is how many readings a sparkline remembers.
const historyLen = 60

// add remembers a reading. Zones that are gone are forgotten.
func (h *zoneHistory) add(rates []desk.ZoneRate) {
	now := make(zoneHistory, len(rates))
	for _, r := range rates {
		line := append((*h)[r.Zone], r.In)
		now[r.Zone] = line[max(len(line)-historyLen, 0):]
	}
	*h = now
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
	if r.Row.Line == 0 || r.Row.Kind != tables.Rules {
		return "", false
	}
	zone, rest, ok := strings.Cut(r.Text, " ")
	action := rest[strings.LastIndexByte(rest, ' ')+1:]
	return zone, ok && !strings.HasPrefix(action, tables.Accept.String())
}
