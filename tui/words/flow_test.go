package words

import (
	"net/netip"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestOnlyOneIsNoPlural(t *testing.T) {
	for n, want := range []string{"0 rules", "1 rule", "2 rules"} {
		if got := Plural(n, "rule"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestEndsHavePortsWhereTheProtocolHas(t *testing.T) {
	w := engine.Flow{}
	w.Orig.Src, w.Orig.SrcPort = netip.MustParseAddr("2001:db8::1"), 40_000
	w.Orig.Dst, w.Orig.DstPort = netip.MustParseAddr("2001:db8::2"), 443
	tests := []struct {
		proto      uint8
		name, path string
	}{
		{ruleset.TCP, "tcp", "[2001:db8::1]:40000 > [2001:db8::2]:443"},
		{ruleset.ICMPv6, "icmp", "2001:db8::1 > 2001:db8::2"},
		{47, "gre", "2001:db8::1 > 2001:db8::2"},
		{253, "253", "2001:db8::1 > 2001:db8::2"},
	}
	for _, tt := range tests {
		w.Proto = tt.proto
		if got := Protocol(&w); got != tt.name {
			t.Errorf("name of %d: %q, want %q", tt.proto, got, tt.name)
		}
		if got := FlowPath(&w); got != tt.path {
			t.Errorf("path of %s: %q, want %q", tt.name, got, tt.path)
		}
	}
}
