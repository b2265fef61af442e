package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// policy are tables of which one is replaced by the case.
func policy(t *testing.T, replace map[string]string) *tables.Set {
	t.Helper()
	set := tables.NewSet()
	for k, text := range map[tables.Kind]string{
		tables.Addresses:  "admins 203.0.113.0/28 2001:db8:7::/64\nmonitoring 198.51.100.77 -\nnas 192.168.0.20,192.168.0.21 fd00:1::20\n",
		tables.Services:   "ssh 22 -\nhttp 80 -\nmunin 4949 -\n",
		tables.Interfaces: "eth0 ext -\neth1 int -\n",
		tables.Rules:      "ext FW admins ALL ssh accept\next FW ALL ALL http accept\next FW nas ALL ssh accept\n",
	} {
		if other, ok := replace[k.String()]; ok {
			text = other
		}
		set = set.With(tables.Parse(k, []byte(text)))
	}
	return set
}

// reviewed compiles two sets and joins them; every live rule has counted.
func reviewed(t *testing.T, before, after *tables.Set) *Review {
	t.Helper()
	s := Sides{Before: before, After: after}
	compiled := func(set *tables.Set) *Compiled {
		cfg, problems := set.Check(tables.Facts{})
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		c, _ := compile.Compile(cfg, compile.Facts{})
		return c
	}
	was, now := compiled(before), compiled(after)
	for _, f := range ruleset.Families() {
		for _, table := range *was.Rules.Tables(f) {
			for _, c := range table.Chains {
				for _, r := range c.Rules {
					r.Counters = ruleset.Counters{Packets: 7, Bytes: 7}
				}
			}
		}
	}
	s.BeforeRows, s.AfterRows, s.Live, s.Rules = was.Rows, now.Rows, was.Rules, now.Rules
	s.Diff = plan.Compare(was.Rules, target(now), plan.Owned(was.Rules))
	return NewReview(s)
}

func TestReviewSaysWhatARowDoesToTheRules(t *testing.T) {
	rules := "ext FW admins ALL ssh accept\next FW ALL ALL http accept\next FW nas ALL ssh accept\n"
	one := func(has, added, gone, lost int, hits uint64) RuleEffect {
		return RuleEffect{Has: has, Added: added, Gone: gone, Lost: lost, Hits: hits, Known: hits > 0}
	}
	tests := []struct {
		name    string
		replace map[string]string
		v4, v6  RuleEffect
		missing string
	}{
		{"a row gone", map[string]string{"rules": strings.Replace(rules, "ext FW ALL ALL http accept\n", "", 1)},
			one(0, 0, 1, 1, 7), one(0, 0, 1, 1, 7), ""},
		{"a new row", map[string]string{"rules": rules + "int FW ALL ALL http accept\n"},
			one(1, 1, 0, 0, 0), one(1, 1, 0, 0, 0), ""},
		{"an edited row", map[string]string{"rules": strings.Replace(rules, "ALL ALL http", "ALL ALL munin", 1)},
			one(1, 1, 1, 1, 7), one(1, 1, 1, 1, 7), ""},
		{"a row of one family", map[string]string{"rules": rules + "ext FW monitoring ALL munin accept\n"},
			one(1, 1, 0, 0, 0), RuleEffect{}, "no v6 rule: monitoring has no IPv6 address"},
		{"a moved row keeps its counters", map[string]string{"rules": "ext FW nas ALL ssh accept\next FW admins ALL ssh accept\next FW ALL ALL http accept\n"},
			one(1, 1, 1, 0, 7), one(1, 1, 1, 0, 7), ""},
		{"a row switched off", map[string]string{"rules": strings.Replace(rules, "ext FW ALL", "#~ ext FW ALL", 1)},
			one(0, 0, 1, 1, 7), one(0, 0, 1, 1, 7), ""},
		{"an object whose rule changes", map[string]string{"services": "ssh 22 -\nhttp 8080 -\nmunin 4949 -\n"},
			one(1, 1, 1, 1, 7), one(1, 1, 1, 1, 7), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := reviewed(t, policy(t, nil), policy(t, tt.replace))
			if len(r.Rows) != 1 {
				t.Fatalf("%d rows differ, want 1: %+v", len(r.Rows), r.Rows)
			}
			got := r.Rows[0]
			if got.V4 != tt.v4 || got.V6 != tt.v6 || got.Missing != tt.missing {
				t.Errorf("v4 %+v\nv6 %+v\nmissing %q\nwant\nv4 %+v\nv6 %+v\nmissing %q", got.V4, got.V6, got.Missing, tt.v4, tt.v6, tt.missing)
			}
			if r.Lost != tt.v4.Lost+tt.v6.Lost {
				t.Errorf("%d rules lose their counters, want %d", r.Lost, tt.v4.Lost+tt.v6.Lost)
			}
		})
	}
}

func TestReviewOfAnObjectNamesItsUsersAndSets(t *testing.T) {
	r := reviewed(t, policy(t, nil), policy(t, map[string]string{
		"addresses": "admins 203.0.113.0/28 2001:db8:7::/64\nmonitoring 198.51.100.77 -\nnas 192.168.0.20,192.168.0.22 fd00:1::20\n",
	}))
	if len(r.Rows) != 1 || !slices.Equal(r.Rows[0].Users, []string{"rules:3"}) || !slices.Equal(r.Rows[0].Sets, []string{"nas_v4"}) {
		t.Errorf("got %+v, want users rules:3 and the set nas_v4", r.Rows)
	}
}

func TestReviewNamesTheRowsOfBothSides(t *testing.T) {
	r := NewReview(Sides{
		BeforeRows: map[string]RowRef{"a": {Kind: tables.Rules, Line: 8}, "b": {Kind: tables.Rules, Line: 9}, "lo": {Name: "lo"}},
		AfterRows:  map[string]RowRef{"b": {Kind: tables.Rules, Line: 8}, "log-b": {Kind: tables.Rules, Line: 8, Name: "log"}, "lo": {Name: "lo"}},
	})
	for id, want := range map[string]string{"a": "was rules:8", "b": "rules:8", "log-b": "rules:8", "lo": "lo", "ffff": "ffff"} {
		if got := r.Row(id); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

func BenchmarkReview(b *testing.B) {
	var text strings.Builder
	for range 10_000 {
		text.WriteString("ext FW admins ALL ssh accept\n")
	}
	before := tables.NewSet(tables.Parse(tables.Rules, []byte(text.String())))
	after, err := before.Edit(tables.Rules, func(f *tables.File) error { return f.SetCell(5000, 4, "http") })
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		NewReview(Sides{Before: before, After: after})
	}
}
