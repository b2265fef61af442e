package page

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/words"
)

// grandfathered are flows of one client to ssh, each with its own source port
// from 10,000 on; the even ones are translated.
func grandfathered(n int) []engine.TouchedFlow {
	client, outside, inside := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("198.51.100.4"), netip.MustParseAddr("192.168.10.1")
	list := make([]engine.TouchedFlow, n)
	for i := range list {
		port := uint16(10_000 + i)
		f := engine.Flow{Proto: ruleset.TCP, ID: uint32(i)}
		f.Orig.Src, f.Orig.SrcPort, f.Orig.Dst, f.Orig.DstPort = client, port, outside, 22
		f.Reply.Src, f.Reply.SrcPort, f.Reply.Dst, f.Reply.DstPort = outside, 22, client, port
		if i%2 == 0 {
			f.Reply.Src, f.Reply.SrcPort = inside, 2222
		}
		list[i] = engine.TouchedFlow{Flow: f, Meaning: engine.Meaning{Fate: engine.Grandfathered}}
	}
	return list
}

func TestFlowsToEndAfterTheConfirmAreNotMoreThanTheLimitNorOnesOwn(t *testing.T) {
	own := func(port uint16, server string) *engine.OwnFlow {
		return &engine.OwnFlow{Client: netip.AddrPortFrom(netip.MustParseAddr("203.0.113.9"), port), Server: netip.MustParseAddrPort(server)}
	}
	tests := []struct {
		name  string
		flows int
		own   *engine.OwnFlow
		want  int
		not   int // the flow that may not be among them; -1 for none
	}{
		{"nobody knows one's own", 20, nil, 20, -1},
		{"one's own", 20, own(10_003, "198.51.100.4:22"), 19, 3},
		{"one's own behind a translation", 20, own(10_004, "192.168.10.1:2222"), 19, 4},
		{"another server's", 20, own(10_003, "198.51.100.5:22"), 20, -1},
		{"as many as end at a time", desk.MaxEnded, nil, desk.MaxEnded, -1},
		{"more", desk.MaxEnded + 200, nil, desk.MaxEnded, -1},
		{"more, with one's own", desk.MaxEnded + 200, own(10_001, "198.51.100.4:22"), desk.MaxEnded, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &impact{Consequences: words.Consequences{Flows: &engine.FlowImpact{Touched: engine.ListTouched(grandfathered(tt.flows)...), Own: tt.own}}}
			p.count()
			if got := len(p.ending); got != tt.want {
				t.Errorf("%d flows may end, want %d", got, tt.want)
			}
			if slices.ContainsFunc(p.ending, func(f engine.Flow) bool { return int(f.ID) == tt.not }) {
				t.Errorf("flow %d may end", tt.not)
			}
			if got := p.counts[engine.Grandfathered]; got != tt.flows {
				t.Errorf("%d flows are counted, want %d", got, tt.flows)
			}
		})
	}
}

func TestSimilarFlowsAreOneLineOfTheImpact(t *testing.T) {
	list := grandfathered(4)
	list[3].Orig.DstPort = 25
	f := &engine.FlowImpact{Touched: engine.ListTouched(list...), Judged: 9}
	var got []string
	for line := range words.Impact(f, nil) {
		got = append(got, string(line))
	}
	want := []string{
		"Impact: 0 cut, 4 grandfathered, 0 newly open, of 9 flows.",
		"Grandfathered: tcp from 3x 203.0.113.9 to 198.51.100.4:22, zone  to : today , as a new connection afterwards .",
		"Grandfathered: tcp from 203.0.113.9:10003 to 198.51.100.4:25, zone  to : today , as a new connection afterwards .",
	}
	if !slices.Equal(got, want) {
		t.Errorf("words\n%q, want\n%q", got, want)
	}
}

func TestTheImpactIsToldInTheWordsThatFit(t *testing.T) {
	p := newImpact(testShared())
	p.Consequences = words.Consequences{
		Flows:  &engine.FlowImpact{Touched: engine.ListTouched(grandfathered(30)...)},
		Policy: &engine.PolicyImpact{Allowed: make([]engine.PacketSet, 10), Denied: make([]engine.PacketSet, 45), Redirected: make([]engine.PacketSet, 1)},
	}
	p.count()
	for _, tt := range []struct {
		width int
		want  string
	}{
		{60, " IMPACT   0 cut 30 grandfathered 0 open | new +10 -45 ~1"},
		{80, " IMPACT   0 cut 30 grandfathered 0 open | 10 allowed 45 denied 1 redirected"},
		{100, " IMPACT   0 cut 30 grandfathered 0 open | 10 newly allowed 45 newly denied 1 redirected"},
	} {
		t.Run(strconv.Itoa(tt.width), func(t *testing.T) {
			if got := ansi.Strip(strings.Join(p.Summary(tt.width), "\n")); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
