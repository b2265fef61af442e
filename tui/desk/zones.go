package desk

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
			if one := &t.Interfaces[j]; ZoneOf(cfg, one.Name) == zone {
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

// ZoneOf is the zone of an interface: that of the first row which names it, as
// the rules ask; empty for one in no zone.
func ZoneOf(cfg *tables.Config, name string) string {
	for i := range cfg.Interfaces {
		row := &cfg.Interfaces[i]
		prefix, wildcard := strings.CutSuffix(row.Name, "+")
		if row.Name == name || wildcard && strings.HasPrefix(name, prefix) {
			return row.Zone
		}
	}
	return ""
}
