package compile

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// manyRows makes tables with n rows of rules like those of a real firewall:
// three zones, literal and set addresses, services of one port, two protocols
// and several ports, in both families.
func manyRows(n int) *tables.Config {
	cfg := &tables.Config{
		Options:   tables.DefaultOptions(),
		Addresses: map[string]tables.Address{},
		Services: map[string]tables.Service{
			"ssh":  {TCP: []tables.PortSpec{{Lo: 22, Hi: 22}}},
			"dns":  {TCP: []tables.PortSpec{{Lo: 53, Hi: 53}}, UDP: []tables.PortSpec{{Lo: 53, Hi: 53}}},
			"mail": {TCP: []tables.PortSpec{{Lo: 25, Hi: 25}, {Lo: 465, Hi: 465}, {Lo: 587, Hi: 587}}},
		},
	}
	for i, zone := range []string{"ext", "int", "dmz"} {
		cfg.Interfaces = append(cfg.Interfaces, tables.Interface{Name: fmt.Sprintf("eth%d", i), Zone: zone})
	}
	for i := range 100 {
		v4 := netip.AddrFrom4([4]byte{10, 0, byte(i), 1})
		v6 := netip.MustParseAddr(fmt.Sprintf("fd00::%x", i+1))
		a := tables.Address{
			V4: []tables.AddrValue{{Prefix: netip.PrefixFrom(v4, 32)}},
			V6: []tables.AddrValue{{Prefix: netip.PrefixFrom(v6, 128)}},
		}
		if i%10 == 0 {
			a.V4 = append(a.V4, tables.AddrValue{Prefix: netip.PrefixFrom(v4.Next(), 32)})
		}
		cfg.Addresses[fmt.Sprintf("host%d", i)] = a
	}
	zones, services := []string{"ext", "int", "dmz"}, []string{"ssh", "dns", "mail", tables.All}
	for i := range n {
		src, dst := fmt.Sprintf("host%d", i%100), fmt.Sprintf("host%d", i/100%100)
		cfg.Rules = append(cfg.Rules, tables.Rule{
			Row:     tables.Row{Kind: tables.Rules, Num: i + 1},
			SrcZone: zones[i%3], DstZone: append(zones, tables.FW)[i%4],
			Src: tables.AddrRef{Text: src, Object: src}, Dst: tables.AddrRef{Text: dst, Object: dst},
			Service: services[i/7%4], Action: tables.Action{Verb: tables.Verb(i % 3), NAT: i%30 == 0},
		})
	}
	return cfg
}

// ruleCount is the number of kernel rules of both families.
func ruleCount(rs *ruleset.Ruleset) int {
	n := 0
	for _, f := range ruleset.Families() {
		for _, t := range *rs.Tables(f) {
			for _, c := range t.Chains {
				n += len(c.Rules)
			}
		}
	}
	return n
}

func TestKernelRulesGrowLinearlyWithRows(t *testing.T) {
	count := func(rows int) int {
		res, problems := Compile(manyRows(rows), Facts{})
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		checkInvariants(t, res)
		return ruleCount(res.Rules)
	}
	const step = 840 // a common multiple of the cycles in manyRows
	first, second := count(2*step)-count(step), count(3*step)-count(2*step)
	if first != second {
		t.Errorf("%d rows more made %d and then %d kernel rules", step, first, second)
	}
}

func TestTheSameTablesGiveTheSameRuleset(t *testing.T) {
	cfg := manyRows(1000)
	before := fmt.Sprintf("%+v", cfg)
	first, _ := Compile(cfg, Facts{})
	second, _ := Compile(cfg, Facts{})
	if !reflect.DeepEqual(first, second) {
		t.Error("two compilations of the same tables differ")
	}
	if after := fmt.Sprintf("%+v", cfg); after != before {
		t.Error("compiling changed the tables")
	}
}

func TestTooManyKernelRulesNameTheLargestRows(t *testing.T) {
	cfg := manyRows(20)
	for i := range 300 {
		cfg.Interfaces = append(cfg.Interfaces, tables.Interface{Name: fmt.Sprintf("vlan%d", i), Zone: fmt.Sprintf("z%d", i)})
	}
	for i := range 100 {
		cfg.Rules[i%20].DstZone = tables.All
		row := cfg.Rules[i%20]
		row.Num = 100 + i
		cfg.Rules = append(cfg.Rules, row)
	}
	res, problems := Compile(cfg, Facts{})
	i := slices.IndexFunc(problems, func(p tables.Problem) bool { return p.Severity == tables.Error })
	if i < 0 || !strings.Contains(problems[i].Text, "the limit is 50000; rules:") {
		t.Fatalf("problems: %v", problems)
	}
	if n := ruleCount(res.Rules); n > maxRules {
		t.Errorf("%d rules were made, more than the limit", n)
	}
}

func TestMarksEndWithTheirMask(t *testing.T) {
	const most = 0xffff - 0x400 + 1
	row := tables.Rule{
		Row: tables.Row{Kind: tables.Rules}, SrcZone: "int", DstZone: "ext", Src: tables.AddrRef{Any: true},
		Dst: tables.AddrRef{Any: true}, Service: tables.All, Action: tables.Action{NAT: true},
	}
	marks := func(rows int) (map[int]uint32, tables.Problems) {
		c := &compiler{cfg: &tables.Config{Options: tables.DefaultOptions()}, said: map[tables.Problem]bool{}}
		for i := range rows {
			row.Num = i + 1
			c.cfg.Rules = append(c.cfg.Rules, row)
		}
		c.assignMarks()
		return c.marks, c.problems
	}
	got, problems := marks(most)
	if len(problems) > 0 || got[0] != 0x400 || got[most-1] != 0xffff {
		t.Errorf("%d rows: marks %#x to %#x, problems %v", most, got[0], got[most-1], problems)
	}
	if _, problems := marks(most + 1); !problems.HasErrors() {
		t.Errorf("%d rows make no error", most+1)
	}
}

func TestHooksStandWhereTheFactsSay(t *testing.T) {
	cfg := manyRows(3)
	cfg.Rules[1].Src, cfg.Rules[1].Action = tables.AddrRef{Text: tables.All, Any: true}, tables.Action{NAT: true}
	cfg.Rules[1].DstZone = "ext"
	res, _ := Compile(cfg, Facts{ForwardHook4: "DOCKER-USER"})
	want := []ruleset.Hook{
		{Family: ruleset.V4, Table: "filter", From: "INPUT", To: "MFWINPUT"},
		{Family: ruleset.V4, Table: "filter", From: "DOCKER-USER", To: "MFWFORWARD"},
		{Family: ruleset.V4, Table: "nat", From: "PREROUTING", To: "MFWPREROUTING"},
		{Family: ruleset.V4, Table: "nat", From: "POSTROUTING", To: "MFWPOSTROUTING"},
		{Family: ruleset.V4, Table: "mangle", From: "FORWARD", To: "MFWFORWARD"},
		{Family: ruleset.V6, Table: "filter", From: "INPUT", To: "MFWINPUT"},
		{Family: ruleset.V6, Table: "filter", From: "FORWARD", To: "MFWFORWARD"},
		{Family: ruleset.V6, Table: "nat", From: "PREROUTING", To: "MFWPREROUTING"},
		{Family: ruleset.V6, Table: "nat", From: "POSTROUTING", To: "MFWPOSTROUTING"},
		{Family: ruleset.V6, Table: "mangle", From: "FORWARD", To: "MFWFORWARD"},
	}
	if !slices.Equal(res.Hooks, want) {
		t.Errorf("hooks: %+v", res.Hooks)
	}
	if res.Rules.V4.Chain("filter", "DOCKER-USER") != nil {
		t.Error("a foreign chain is among ours")
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		cfg := manyRows(n)
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var res *Result
			for b.Loop() {
				res, _ = Compile(cfg, Facts{})
			}
			b.ReportMetric(float64(ruleCount(res.Rules)), "rules")
		})
	}
}
