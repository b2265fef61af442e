package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// ZoneRate is what a zone does per second.
type ZoneRate struct {
	Zone, Interfaces string
	In, Out          float64 // bytes
	New              float64 // flows that begin
}

// ZoneRates adds up the interfaces of each zone.
func ZoneRates(cfg *tables.Config, t *engine.TrafficSnapshot) []ZoneRate {
	zones := cfg.Zones()
	rates := make([]ZoneRate, len(zones))
	for i, zone := range zones {
		rates[i] = ZoneRate{Zone: zone, Interfaces: interfacesOf(cfg, zone)}
		for j := range t.Interfaces {
			if one := &t.Interfaces[j]; zoneOf(cfg, one.Name) == zone {
				rates[i].In += one.In
				rates[i].Out += one.Out
				rates[i].New += one.New
			}
		}
	}
	return rates
}

func interfacesOf(cfg *tables.Config, zone string) string {
	var names []string
	for _, i := range cfg.InZone(zone) {
		names = append(names, i.Name)
	}
	return strings.Join(names, " ")
}

// zoneHistory are the bytes that came into each zone per second in the last
// minute.
type zoneHistory map[string][]float64

// historyLen is how many readings a sparkline remembers.
const historyLen = 60

// add remembers a reading. Zones that are gone are forgotten.
func (h *zoneHistory) add(rates []ZoneRate) {
	now := make(zoneHistory, len(rates))
	for _, r := range rates {
		line := append((*h)[r.Zone], r.In)
		now[r.Zone] = line[max(len(line)-historyLen, 0):]
	}
	*h = now
}

// zoneOf is the zone of an interface: that of the first row which names it, as
// the rules ask; empty for one in no zone.
func zoneOf(cfg *tables.Config, name string) string {
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
	if r.Row.Line == 0 || r.Row.Kind != tables.Rules {
		return "", false
	}
	zone, rest, ok := strings.Cut(r.Text, " ")
	action := rest[strings.LastIndexByte(rest, ' ')+1:]
	return zone, ok && !strings.HasPrefix(action, tables.Accept.String())
}
