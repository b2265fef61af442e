package page

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// testDesk holds small tables that were checked.
func testDesk(t testing.TB) *Desk {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"addresses":  "admins 203.0.113.0/28 2001:db8:7::/64\nlan 192.168.0.0/24 -\nnas 192.168.0.20 fd00::20\n",
		"services":   "ssh 22 -\nhttps 443 443\ndns 53 53\nhigh 1024-2048 -\n",
		"interfaces": "eth0 ext -\neth1 int -\ndocker0 DOCKER -\n",
		"rules":      "ext FW admins ALL ssh accept\next DOCKER ALL ALL https accept\nint ext lan ALL ALL accept+nat\n#~ int FW nas lan high drop\nint ALL ALL nas dns reject+log\n",
		"virtuals":   "ext lan nas https https\next lan DOCKER https https\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	set, problems := tables.Load(files)
	cfg, found := set.Check(tables.Facts{})
	if problems = append(problems, found...); problems.HasErrors() {
		t.Fatal(problems)
	}
	return &Desk{set: set, saved: set, config: cfg, checked: set}
}

// keptLines are the rows of a table that a filter keeps.
func keptLines(t *testing.T, desk *Desk, k tables.Kind, filter string) string {
	f := newFinder(desk, nil)
	f.Set(filter)
	table := newRowTable(k)
	table.show(&Shared{Desk: desk}, desk, &f, nil, &figures{})
	if len(f.problems) > 0 {
		return f.problems[0].Error()
	}
	var lines []string
	for table.NextMatch(true) {
		num, _ := table.selected()
		if line := fmt.Sprint(num); !slices.Contains(lines, line) {
			lines = append(lines, line)
			continue
		}
		break
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

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
			f := NewFlows(&Shared{Desk: testDesk(t)})
			f.snap = live
			f.nameContainers(&engine.ContainerView{Containers: []engine.ContainerState{
				{Name: "shop", Networks: []engine.ContainerNetwork{{V4: netip.MustParseAddr("172.17.0.5")}, {V6: netip.MustParseAddr("fd00::5")}}},
			}})
			f.filter.Set(tt.filter)
			keep, _ := f.filter.ask(func(i int) query.Record { return f.record().take(&f.snap, i) })
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

func TestRowFilter(t *testing.T) {
	tests := []struct {
		kind         tables.Kind
		filter, want string
	}{
		{tables.Rules, "", "1 2 3 4 5"},
		{tables.Rules, "accept !nat", "1 2"},
		{tables.Rules, "src:203.0.113.0/24", "1"},
		{tables.Rules, "src:203.0.113.9", "1"},
		{tables.Rules, "src:203.0.113.99", ""},
		{tables.Rules, "src:admins", "1"},
		{tables.Rules, "src:nas", "3 4"}, // inside lan
		{tables.Rules, "ip:192.168.0.20", "3 4 5"},
		{tables.Rules, "dst:ALL", "1 2 3"},
		{tables.Rules, "zone:int", "3 4 5"},
		{tables.Rules, "zone:ext", "1 2 3 5"},
		{tables.Rules, "zone:ext>DOCKER", "2"},
		{tables.Rules, "zone:>ext", "3 5"}, // a row towards ALL is towards each zone
		{tables.Rules, "zone:>FW", "1 4 5"},
		{tables.Rules, "!zone:>FW", "2 3"},
		{tables.Rules, "zone:>ALL", "5"},
		{tables.Rules, "port:443", "2"},
		{tables.Rules, "port:1-1024", "1 2 4 5"},
		{tables.Rules, "port:dns", "5"},
		{tables.Rules, "port:ALL", "3"},
		{tables.Rules, "proto:udp", "2 5"},
		{tables.Rules, "action:accept", "1 2 3"},
		{tables.Rules, "action:log", "5"},
		{tables.Rules, "nat:src", "3"},
		{tables.Rules, "iface:docker0", "2 5"},
		{tables.Rules, "state:off", "4"},
		{tables.Rules, "rule:3", "3"},
		{tables.Rules, "rules:3", "3"},
		{tables.Rules, "!v6", "3 4"}, // lan has none
		{tables.Rules, "owner:docker", `owner:docker: this list has no owner (src dst ip zone port dport sport proto action nat iface state rule)`},
		{tables.Virtuals, "zone:ext>DOCKER", "2"},
		{tables.Virtuals, "dst:nas", "1 2"}, // and what overlaps it
		{tables.Virtuals, "dst:fd00::/8", "1"},
		{tables.Virtuals, "dport:443 nas", "1"},
		{tables.Addresses, "ip:192.168.0.0/16", "2 3"},
		{tables.Addresses, "v6", "1 3"},
		{tables.Services, "port:2000", "4"},
		{tables.Services, "proto:udp", "2 3"},
		{tables.Interfaces, "zone:int", "2"},
		{tables.Interfaces, "iface:eth", "1 2"},
	}
	for _, tt := range tests {
		t.Run(tt.kind.String()+" "+tt.filter, func(t *testing.T) {
			if got := keptLines(t, testDesk(t), tt.kind, tt.filter); got != tt.want {
				t.Errorf("%q keeps lines %q, want %q", tt.filter, got, tt.want)
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
			c := NewCounters(&Shared{Desk: testDesk(t)})
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
	f := newFinder(testDesk(t), func() []string { return []string{"src:10.0.0.1", "port:22"} })
	f.speak(f.names.desk, flowKeys, nil)
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
	f := newFinder(testDesk(t), nil, rowKeys(tables.Rules)...)
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
			f := NewFlows(&Shared{Desk: testDesk(b)})
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

func TestPastFilter(t *testing.T) {
	list := []engine.Generation{
		{ID: "20261120-a1", When: time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC), Who: "alice from 203.0.113.7", Result: "confirmed"},
		{ID: "20261121-b2", When: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Who: "bob", Result: "rolled back"},
	}
	tests := []struct{ filter, want string }{
		{"who:alice", "20261120-a1"},
		{`state:"rolled back"`, "20261121-b2"},
		{"!state:rolled", "20261120-a1"},
		{"2026-11-21 bob", "20261121-b2"},
		{"zone:ext", ""},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			f := newFinder(testDesk(t), nil, pastLanguage...)
			f.Set(tt.filter)
			keep, _ := f.ask(func(i int) query.Record {
				return &pastRecord{&list[i], list[i].When.Format("2006-01-02 15:04"), string(list[i].Result)}
			})
			got := ""
			for i := range list {
				if keep(i) {
					got += list[i].ID
				}
			}
			if got != tt.want {
				t.Errorf("%q keeps %q, want %q", tt.filter, got, tt.want)
			}
		})
	}
}
