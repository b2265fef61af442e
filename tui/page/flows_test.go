package page

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

func TestFlowRanksOrderAsComparingDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	flows := make([]engine.Flow, 300)
	for i := range flows {
		src := fmt.Sprintf("10.0.%d.%d", r.IntN(3), r.IntN(5))
		if i%3 == 0 {
			src = fmt.Sprintf("2001:db8::%x", r.IntN(9))
		}
		flows[i] = testFlow(src, "198.51.100.4", uint16(r.IntN(9)), 443, []uint8{1, 6, 17}[r.IntN(3)])
		flows[i].State = []string{"ESTABLISHED", "SYN_SENT", "SYN_RECV", ""}[r.IntN(4)]
		flows[i].SrcNAT, flows[i].DstNAT = r.IntN(2) == 0, r.IntN(2) == 0
		flows[i].Rate = r.Float64() * float64(r.IntN(3))
		flows[i].OrigCount = ruleset.Counters{Packets: uint64(r.IntN(9)), Bytes: uint64(r.IntN(9))}
		flows[i].Timeout = time.Duration(r.IntN(9)) * time.Second
		flows[i].FirstSeen = time.Unix(int64(r.IntN(9)), 0)
	}
	for col := protoCol; col < nameCol; col++ {
		for i := range flows {
			for j := range flows {
				ahi, alo := rankFlow(&flows[i], col)
				bhi, blo := rankFlow(&flows[j], col)
				rank, want := cmp.Or(cmp.Compare(ahi, bhi), cmp.Compare(alo, blo)), compareFlows(&flows[i], &flows[j], col)
				if rank != 0 && rank != want {
					t.Fatalf("column %d: %+v and %+v: rank %d, compare %d", col, flows[i], flows[j], rank, want)
				}
			}
		}
	}
}

// flowList is a list of some flows.
func flowList(flows ...engine.Flow) (l engine.FlowList) {
	for i := range flows {
		l.Append(&flows[i])
	}
	return l
}

// liveFlows is a snapshot of some flows.
func liveFlows(flows ...engine.Flow) engine.LiveFlows {
	return engine.LiveFlows{FlowSnapshot: engine.FlowSnapshot{Flows: flowList(flows...)}}
}

func TestFlowsAreGrouped(t *testing.T) {
	flows := []engine.Flow{
		testFlow("203.0.113.9", "198.51.100.4", 1, 443, ruleset.TCP),
		testFlow("203.0.113.9", "198.51.100.5", 2, 443, ruleset.TCP),
		testFlow("203.0.113.8", "198.51.100.4", 3, 443, ruleset.UDP),
		testFlow("203.0.113.8", "198.51.100.4", 7, 8<<8, ruleset.ICMP),
	}
	for i := range flows {
		flows[i].Rate, flows[i].OrigCount.Bytes = float64(i+1), uint64(10*(i+1))
	}
	snap := liveFlows(flows...)
	snap.Verdicts = []*engine.FlowVerdict{{By: "rules:7", From: "ext", To: "FW"}, {By: "rules:7", From: "ext", To: "int"}, nil, {}}
	tests := []struct {
		by   grouping
		kept []int32
		want string
	}{
		{bySource, nil, "203.0.113.9 2 3 30 src:203.0.113.9; 203.0.113.8 2 7 70 src:203.0.113.8"},
		{byDestination, nil, "198.51.100.4 3 8 80 dst:198.51.100.4; 198.51.100.5 1 2 20 dst:198.51.100.5"},
		{byPort, nil, "tcp/443 2 3 30 dport:443 proto:tcp; udp/443 1 3 30 dport:443 proto:udp; icmp 1 4 40 proto:icmp"},
		{byProtocol, []int32{0, 3}, "tcp 1 1 10 proto:tcp; icmp 1 4 40 proto:icmp"},
		{byRule, nil, "rules:7 2 3 30 rule:rules:7; no row of ours 2 7 70 "},
		{byZones, nil, "ext>FW 1 1 10 zone:ext>FW; ext>int 1 2 20 zone:ext>int; not known 2 7 70 "},
		{byContainer, nil, "198.51.100.4 3 8 80 ip:198.51.100.4; no container 1 2 20 "},
	}
	containers := map[netip.Addr]string{netip.MustParseAddr("198.51.100.4"): "web"}
	for _, tt := range tests {
		t.Run(groupingNames[tt.by], func(t *testing.T) {
			var got []string
			for _, g := range groupFlows(&snap, tt.kept, tt.by, containers) {
				got = append(got, fmt.Sprintf("%s %d %g %d %s", g.name(), g.flows, g.rate, g.bytes, g.filter()))
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("\n got %s\nwant %s", s, tt.want)
			}
		})
	}
}

func TestAGroupOpensAsAFilterThatKeepsIt(t *testing.T) {
	flows := []engine.Flow{
		testFlow("203.0.113.9", "198.51.100.4", 1, 443, ruleset.TCP),
		testFlow("203.0.113.90", "198.51.100.40", 2, 4430, ruleset.TCP),
		testFlow("2001:db8::1", "2001:db8::2", 2, 443, ruleset.UDP),
	}
	snap := liveFlows(flows...)
	snap.Verdicts = []*engine.FlowVerdict{{By: "rules:7", From: "ext", To: "FW"}, {By: "rules:71", From: "ext", To: "int"}, {By: "established", From: "int", To: "FW"}}
	containers := map[netip.Addr]string{netip.MustParseAddr("198.51.100.4"): "web"}
	for by := bySource; by < groupings; by++ {
		for _, g := range groupFlows(&snap, nil, by, containers) {
			if g.filter() == "" { // nothing in common
				continue
			}
			f := NewFlows(&Shared{Desk: tuitest.Desk(t)})
			n, record := 0, f.record()
			f.filter.Set(g.filter())
			keep, _ := f.filter.ask(func(i int) query.Record { return record.Take(&snap, i) })
			for i := range flows {
				if keep(i) {
					n++
				}
			}
			if n != g.flows {
				t.Errorf("%s: %q keeps %d flows, want %d", groupingNames[by], g.filter(), n, g.flows)
			}
		}
	}
}

func TestFlowTrackKnowsTheRatesOfTheSelectedFlow(t *testing.T) {
	f := NewFlows(&Shared{Desk: &desk.Desk{}, Now: time.Now})
	at := time.Unix(1000, 0)
	see := func(orig, reply uint64, rate float64) {
		w := testFlow("203.0.113.9", "198.51.100.4", 1, 443, ruleset.TCP)
		w.OrigCount.Bytes, w.ReplyCount.Bytes, w.Rate = orig, reply, rate
		at = at.Add(2 * time.Second)
		f.latest = liveFlows(w)
		f.latest.At = at
		f.show(true)
	}
	see(100, 10, 0)
	see(300, 10, 100)
	if f.track.up != 100 || f.track.down != 0 {
		t.Errorf("%g B/s and back %g, want 100 and 0", f.track.up, f.track.down)
	}
	f.follow() // the same snapshot again
	see(50, 30, 10)
	if f.track.up != 0 || f.track.down != 10 {
		t.Errorf("%g B/s and back %g after the counter was set back, want 0 and 10", f.track.up, f.track.down)
	}
	if want := []float64{0, 100, 10}; !slices.Equal(f.track.rates, want) {
		t.Errorf("the past is %v, want %v", f.track.rates, want)
	}
}

func TestFirstPacketOfAFlow(t *testing.T) {
	tests := []struct {
		name string
		flow engine.Flow
		want string
	}{
		{"tcp", testFlow("203.0.113.9", "198.51.100.4", 1, 443, ruleset.TCP), "6 203.0.113.9:1 > 198.51.100.4:443 0/0"},
		{"ping", testFlow("203.0.113.9", "198.51.100.4", 7, 8<<8, ruleset.ICMP), "1 203.0.113.9:0 > 198.51.100.4:0 8/0"},
		{"gre", testFlow("203.0.113.9", "198.51.100.4", 0, 0, 47), "47 203.0.113.9:0 > 198.51.100.4:0 0/0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := firstPacket(&tt.flow)
			if got := fmt.Sprintf("%d %s:%d > %s:%d %d/%d", p.Proto, p.Src, p.SrcPort, p.Dst, p.DstPort, p.ICMPType, p.ICMPCode); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestPauseCountsOnceWhatChanged(t *testing.T) {
	old := []engine.Flow{testFlow("203.0.113.9", "198.51.100.4", 1, 443, ruleset.TCP), testFlow("203.0.113.9", "198.51.100.4", 2, 443, ruleset.TCP)}
	now := []engine.Flow{old[0], testFlow("203.0.113.9", "198.51.100.4", 3, 443, ruleset.TCP)}
	now[0].OrigCount.Bytes = 1
	f := NewFlows(&Shared{Desk: &desk.Desk{}, Now: time.Now})
	f.take(desk.LiveFlowsMsg{Value: liveFlows(old...)})
	f.togglePause()
	f.take(desk.LiveFlowsMsg{Value: liveFlows(now...)})
	if f.moved != 3 || f.table.Len() != 2 {
		t.Errorf("%d changed, want one that moved bytes, one gone and one new", f.moved)
	}
	f.togglePause()
	if w := f.selected(); w.OrigCount.Bytes != 1 {
		t.Errorf("after the pause the list shows %+v", w)
	}
}

func TestAFlowWithoutPortsIsNamed(t *testing.T) {
	tests := []struct {
		proto      uint8
		name, path string
	}{
		{2, "igmp", "203.0.113.9 > 198.51.100.4"},
		{47, "gre", "203.0.113.9 > 198.51.100.4"},
		{253, "253", "203.0.113.9 > 198.51.100.4"},
		{ruleset.ICMP, "icmp", "203.0.113.9 > 198.51.100.4  type 8 code 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := testFlow("203.0.113.9", "198.51.100.4", 0, 8<<8, tt.proto)
			if got := words.Protocol(&w); got != tt.name {
				t.Errorf("name %q, want %q", got, tt.name)
			}
			if got, _ := paths(&w); got != tt.path {
				t.Errorf("path %q, want %q", got, tt.path)
			}
		})
	}
}

func TestTheHintAboutFiltersIsNeverCut(t *testing.T) {
	const whole = "  / filters: words, port:443 src:10.0.0.0/8 proto:udp !not"
	for room := range len(whole) + 2 {
		got := string(filterHint(room))
		if len(got) > room || !strings.HasPrefix(whole, got) || got != "" && got != whole && whole[len(got)] != ' ' {
			t.Errorf("in %d cells: %q", room, got)
		}
	}
}

func TestFlowZonesOfContainersAreWholeOnAnOrdinaryScreen(t *testing.T) {
	texts := map[int]widget.Safe{
		protoCol: "tcp", sourceCol: "192.168.10.20:60614", destCol: "203.0.113.12:443", stateCol: "TIME-W", zoneCol: "DOCKER>ext",
		ruleCol: "hairpin-docker0", natCol: "src", rateCol: "999k", bytesCol: "999k", ageCol: "116s", packetsCol: "999k", nameCol: "int_host > db:postgres",
	}
	for _, width := range []int{80, 120} {
		table := newFlowTable()
		table.Set(widget.Source[flowKey]{
			Len: 1, Key: func(int) flowKey { return flowKey{} },
			Cell: func(_, col int) (widget.Safe, style.Style) { return texts[col], style.Style{} },
		})
		row := ansi.Strip(strings.Join(table.Render(width, 2, style.New(style.Mono(), style.Unicode())), "\n"))
		for _, whole := range []int{sourceCol, destCol, zoneCol, rateCol, ageCol} {
			if !strings.Contains(row, string(texts[whole])) {
				t.Errorf("%d columns do not show %q whole:\n%s", width, texts[whole], row)
			}
		}
	}
}
