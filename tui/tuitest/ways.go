package tuitest

import (
	"context"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Ways is the routing that fits the sample flows: the internet behind eth0, the
// home network behind eth1, containers behind docker0, and the addresses that
// the flows go to on this host.
func (s *Site) Ways(context.Context) (engine.Ways, error) {
	var w engine.Ways
	if err := s.enter("Ways"); err != nil {
		return w, err
	}
	for prefix, iface := range map[string]string{
		"0.0.0.0/0": "eth0", "::/0": "eth0", "192.168.0.0/24": "eth1", "fd00:1::/64": "eth1", "172.17.0.0/16": "docker0",
		"2001:db8:ac:9::/64": "docker0", // what sampleAddr makes of the containers in IPv6
	} {
		w.AddRoute(netip.MustParsePrefix(prefix), iface)
	}
	for i := range 6 {
		for _, f := range ruleset.Families() {
			w.AddLocal(sampleAddr(f, 198<<24|51<<16|100<<8, i))
		}
	}
	return w, nil
}
