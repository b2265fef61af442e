package tuitest

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
)

// Desk holds small tables that were checked.
func Desk(t testing.TB) *desk.Desk {
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
	d, calls := desk.New(set), desk.NewCalls(t.Context(), New(time.Now))
	m, _ := d.Check(calls)().(desk.CheckedMsg)
	d.TakeChecked(m)
	if problems = append(problems, d.Problems()...); problems.HasErrors() {
		t.Fatal(problems)
	}
	return d
}

// Difference is one of n rows, each with two lines among so many rules of both
// families.
func Difference(n int) (*engine.Review, *plan.Diff) {
	rows := make([]string, n)
	refs := [2]map[string]engine.RowRef{{}, {}}
	d := &plan.Diff{}
	var chains [2]plan.ChainDiff
	for i := range n {
		rows[i] = fmt.Sprintf("ext FW a%d ALL ssh accept", i)
		for side, ref := range refs {
			ref[fmt.Sprintf("%d-%d", side, i)] = engine.RowRef{Kind: tables.Rules, Line: i + 1}
		}
		for f := range chains {
			rule := func(side int) *ruleset.Rule {
				return &ruleset.Rule{ID: fmt.Sprintf("%d-%d", side, i), In: ruleset.Iface{Name: "eth0"}, Target: ruleset.Accept}
			}
			chains[f].Lines = append(chains[f].Lines, plan.Line{Op: plan.Remove, Rule: rule(0), Was: rule(0)}, plan.Line{Op: plan.Add, Rule: rule(1)})
		}
	}
	for f, family := range ruleset.Families() {
		chains[f].Family, chains[f].Table, chains[f].Chain, chains[f].Op = family, "filter", "ext_inp", plan.Change
		d.Chains = append(d.Chains, chains[f])
	}
	text := strings.Join(rows, "\n")
	set := func(text string) *tables.Set { return tables.NewSet(tables.Parse(tables.Rules, []byte(text))) }
	return engine.NewReview(engine.Sides{
		Before: set(text), After: set(strings.ReplaceAll(text, "accept", "drop")), BeforeRows: refs[0], AfterRows: refs[1], Diff: d,
	}), d
}
