package page

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/tuitest"
	"github.com/mfwtui/mfwtui/tui/widget"
)

func TestFlowFilter(t *testing.T) {
	web := testFlow("203.0.113.9", "198.51.100.4", 51022, 443, ruleset.TCP)
	web.DstNAT, web.Reply.Src, web.Reply.SrcPort = true, netip.MustParseAddr("172.17.0.5"), 8443
	dns := testFlow("192.168.0.17", "8.8.8.8", 40000, 53, ruleset.UDP)
	dns.State = "UNREPLIED"
	ping := testFlow("2001:db8::1", "2001:db8::2", 7, 8<<8, ruleset.ICMPv6)
	ping.Family = ruleset.V6
	flows, names := flowList(web, dns, ping), []string{"web", "dns", "ping"}
	live := engine.LiveFlows{FlowSnapshot: engine.FlowSnapshot{Flows: flows}, Verdicts: []*engine.FlowVerdict{
		{In: "eth0", Out: "docker0", From: "ext", To: "DOCKER", By: "rules:2"},
		{In: "eth1", Out: "eth0", From: "int", To: "ext", By: "established"},
		{In: "eth9", From: "ext", To: "FW"},
	}}
	tests := []struct{ filter, want string }{
		{"", "dns ping web"},
		{"tcp", "web"},
		{"src:203.0.113.0/24", "web"},
		{"src:203.0", "web"},
		{"src:", "dns ping web"},
		{"dst:172.17.0.5", "web"},
		{"dst:shop", "web"},
		{"!ip:shop", "dns ping"},
		{"src:shop", ""},
		{"shop", "web"},
		{"!SHOP", "dns ping"},
		{"dst:shops", ""},
		{"ip:8.8.8.8", "dns"},
		{"src:lan", "dns"},
		{"port:443", "web"},
		{"port:8443", "web"},
		{"dport:https", "web"},
		{"port:53 udp", "dns"},
		{"port:2048", ""},
		{"port:many", ""},
		{"!port:many", ""},
		{"!tcp", "dns ping"},
		{"!port:443 !proto:icmp", "dns"},
		{"proto:17", "dns"},
		{"state:unrep", "dns"},
		{"nat:dst", "web"},
		{"nat:none", "dns ping"},
		{"v6", "ping"},
		{"zone:ext", "dns ping web"},
		{"zone:ext>DOCKER", "web"},
		{"zone:int>", "dns"},
		{"zone:>FW", "ping"},
		{"iface:docker0", "web"},
		{"!iface:eth0", "ping"},
		{"rule:2", "web"},
		{"rules:2", "web"},
		{"rule:established", "dns"},
		{"2001:db8", "ping"},
		{"!", "dns ping web"},
		{"  443  ", "web"},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			f := NewFlows(&Shared{Desk: tuitest.Desk(t)})
			f.snap = live
			f.nameContainers(&engine.ContainerView{Containers: []engine.ContainerState{
				{Name: "shop", Networks: []engine.ContainerNetwork{{V4: netip.MustParseAddr("172.17.0.5")}, {V6: netip.MustParseAddr("fd00::5")}}},
			}})
			f.filter.Set(tt.filter)
			keep, _ := f.filter.ask(func(i int) query.Record { return f.record().Take(&f.snap, i) })
			var got []string
			for i := range flows.Len() {
				if keep == nil || keep(i) {
					got = append(got, names[i])
				}
			}
			slices.Sort(got)
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("%q keeps %q, want %q", tt.filter, s, tt.want)
			}
		})
	}
}

func TestChainFilter(t *testing.T) {
	rows := []chainRow{
		{chainRule: chainRule{table: "filter", chain: "ext_inp", what: "ab"}, owner: "ours", text: "-s 203.0.113.0/28 -p tcp -m tcp --dport 22 -j accept", v4: &engine.ChainCounter{}},
		{chainRule: chainRule{table: "filter", chain: "DOCKER"}, owner: "docker", text: "-d 172.17.0.5/32 ! -i docker0 -o docker0 -p tcp -m multiport --dports 80,8000:8080 -j ACCEPT", v4: &engine.ChainCounter{}},
		{chainRule: chainRule{table: "nat", chain: "int_inp"}, owner: "ours", text: "-m set --match-set lan_v4 src -m set --match-set dns_udp dst -j drop", v6: &engine.ChainCounter{}},
	}
	tests := []struct{ filter, want string }{
		{"", "0 1 2"},
		{"src:203.0.113.7", "0"},
		{"ip:172.16.0.0/12", "1"},
		{"port:22", "0"},
		{"port:8070", "1"},
		{"port:53", "2"},
		{"src:192.168.0.9", "2"},
		{"src:lan", "2"},
		{"dst:lan", ""},
		{"chain:inp table:filter", "0"},
		{"owner:docker", "1"},
		{"action:accept", "0 1"},
		{"iface:docker0", "1"},
		{"v6", "2"},
		{"rule:1", "0"},
		{"table:arp", "table:arp: no table \"arp\" (filter nat mangle raw security docker-bridges)"},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			c := NewCounters(&Shared{Desk: tuitest.Desk(t)})
			c.tab, c.chains.rows = byChain, rows
			row := engine.RowCounter{ID: "ab"}
			row.Row.Kind, row.Row.Line = tables.Rules, 1
			c.chains.rowOf = map[string]*engine.RowCounter{"ab": &row}
			c.speakOf()
			c.filter.Set(tt.filter)
			keep, _ := c.chainAsk()
			var got []string
			for i := range rows {
				if keep == nil || keep(i) {
					got = append(got, fmt.Sprint(i))
				}
			}
			s := strings.Join(got, " ")
			if len(c.filter.problems) > 0 {
				s = c.filter.problems[0].Error()
			}
			if s != tt.want {
				t.Errorf("%q keeps %q, want %q", tt.filter, s, tt.want)
			}
		})
	}
}

func TestValueOfARowBecomesAFilter(t *testing.T) {
	f := newFinder(tuitest.Desk(t), func() []string { return []string{"src:10.0.0.1", "port:22"} })
	f.names.SpeakFlows()
	f.Set("tcp")
	list := widget.NewTable[int]()
	for _, keys := range []string{".1", ".!2", "..", ".x."} {
		for _, k := range strings.Split(keys, "") {
			f.key(widget.Press(k), list)
		}
	}
	if got, want := f.Text(), "tcp src:10.0.0.1 !port:22 src:10.0.0.1 src:10.0.0.1"; got != want {
		t.Errorf("filter %q, want %q", got, want)
	}
}

func TestTabCompletesTheFilterAndGoesThroughIt(t *testing.T) {
	f := newFinder(tuitest.Desk(t), nil, query.Src, query.Zone, query.State)
	list, texts := widget.NewTable[int](), []string(nil)
	for _, k := range []string{"/", "z", "tab", "i", "tab", "tab", "shift+tab"} {
		f.key(widget.Press(k), list)
		texts = append(texts, f.Text())
	}
	want := []string{"", "z", "zone:", "zone:i", "zone:int", "zone:int", "zone:int"}
	if !slices.Equal(texts, want) {
		t.Errorf("texts %q, want %q", texts, want)
	}
}

// The filter is asked about every flow when it or the snapshot changes: with
// 100,000 flows that must stay below 50 ms.
func BenchmarkFlowFilter(b *testing.B) {
	flows := make([]engine.Flow, 100_000)
	for i := range flows {
		flows[i] = testFlow("203.0.113.9", "198.51.100.4", uint16(i), uint16(i%1000), ruleset.TCP)
	}
	for _, filter := range []string{"src:203.0.113.0/24 port:443", "zzz", "src:lan", "!state:est !proto:udp"} {
		b.Run(filter, func(b *testing.B) {
			f := NewFlows(&Shared{Desk: tuitest.Desk(b)})
			f.filter.Set(filter)
			record := f.record()
			b.ReportAllocs()
			for b.Loop() {
				keep, _ := f.filter.ask(func(i int) query.Record { record.Flow = flows[i]; return record })
				for i := range flows {
					keep(i)
				}
			}
		})
	}
}
