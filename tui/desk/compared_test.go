package desk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestUnchangedRulesFarFromAChangeAreFolded(t *testing.T) {
	var c plan.ChainDiff
	for i := range 20 {
		op := plan.Same
		if i == 10 {
			op = plan.Add
		}
		c.Lines = append(c.Lines, plan.Line{Op: op, Rule: &ruleset.Rule{ID: fmt.Sprint(i), Target: ruleset.Accept}})
	}
	c.Family, c.Table, c.Chain, c.Op = ruleset.V4, "filter", "x", plan.Change
	d := &plan.Diff{Chains: []plan.ChainDiff{c}}
	of := NewCompared(engine.NewReview(engine.Sides{Diff: d}), d)
	var got []string
	for i := range of.V4.lines {
		l := of.V4.line(i, false, nil)
		got = append(got, strings.TrimSpace(fmt.Sprintf("%c %s", l.Mark, l.Text)))
	}
	want := []string{"@ filter  x", "... 8 rules unchanged", "8            -j ACCEPT", "9            -j ACCEPT",
		"+ 10           -j ACCEPT", "11           -j ACCEPT", "12           -j ACCEPT", "... 7 rules unchanged"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSetOfPortsStandsOnceAndIsNamedInBothFamilies(t *testing.T) {
	ports := ruleset.NewSet("web_tcp", ruleset.BitmapPort, 0)
	d := &plan.Diff{Sets: []plan.SetDiff{{Name: "web_tcp", Op: plan.Add, After: ports, Added: []ruleset.Member{{Port: ruleset.PortRange{Lo: 80, Hi: 80}}}}}}
	of := NewCompared(engine.NewReview(engine.Sides{Diff: d}), d)
	if got := of.Text(1000); got != "@ IPv4  set  web_tcp  (new)\n+ 80\n@ IPv6  set  web_tcp  (new)   shared with v4\n" {
		t.Errorf("got\n%s", got)
	}
}
