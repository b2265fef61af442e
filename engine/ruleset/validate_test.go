package ruleset

import (
	"strings"
	"testing"
)

// TestValidate proves each complaint, and none about a ruleset as it should be.
func TestValidate(t *testing.T) {
	tests := []struct{ name, rules, sets, want string }{
		{"nothing wrong", ":A - [0:0]\n:B - [0:0]\n-A A -m set --match-set s src -j B\n-A B -j DROP\n", "create s hash:net family inet\n", ""},
		{"a dangling jump", "-A A -j B\n", "", "v4 filter A rule 1: jump to chain B, which is not there"},
		{"a missing set", "-A A -m set --match-set s src\n", "", "v4 filter A rule 1: set s is not there"},
		{"a set of the other family", "-A A -m set --match-set s src\n", "create s hash:net family inet6\n", "v4 filter A rule 1: set s is of IPv6"},
		{"a loop", ":A - [0:0]\n:B - [0:0]\n:C - [0:0]\n-A A -j B\n-A B -g C\n-A C -j B\n", "", "v4 filter B: jumps back to itself: B -> C -> B"},
		{"a rule that cannot be printed", "-A A\n-A A -f\n", "", "v4 filter A rule 2: was not understood, so it is not written: -f"},
		{"a bad name", ":LOG - [0:0]\n", "", `v4 filter LOG: chain name "LOG" is the name of a target`},
		{"a list in a list", "", "create a list:set size 8\ncreate b list:set size 8\nadd a b\n", "set a: a list cannot hold a list: b"},
		{"a list of nothing", "", "create a list:set size 8\nadd a b\n", "set a: member b is not there"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rs := parseRuleset(t, test.rules, test.sets)
			var got []string
			for _, err := range rs.Validate(nil) {
				got = append(got, err.Error())
			}
			if list := strings.Join(got, "\n"); list != test.want {
				t.Errorf("want %q\n got %q", test.want, list)
			}
			known := func(name string) bool { return name == "B" || name == "s" || name == "b" }
			switch test.name {
			case "a dangling jump", "a missing set", "a list of nothing":
				if errs := rs.Validate(known); errs != nil {
					t.Errorf("with what is known elsewhere: %v", errs)
				}
			}
		})
	}
}

func parseRuleset(t *testing.T, rules, sets string) *Ruleset {
	t.Helper()
	ts, err := ParseTables(V4, []byte("*filter\n"+rules+"COMMIT\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSets([]byte(sets))
	if err != nil {
		t.Fatal(err)
	}
	return &Ruleset{V4: ts, Sets: s}
}

// TestUnused proves that chains and sets that nothing leads to are found.
func TestUnused(t *testing.T) {
	rs := parseRuleset(t, ":INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n-A INPUT -g B\n-A A -m set --match-set s src -j DROP\n",
		"create s hash:net family inet\ncreate l list:set size 8\ncreate m hash:net family inet\nadd l m\n")
	if got := strings.Join(rs.V4.Table(Filter).Unused("C"), " "); got != "A" {
		t.Errorf("chains: %s", got)
	}
	if got := strings.Join(rs.UnusedSets(), " "); got != "l" {
		t.Errorf("sets: %s", got)
	}
}
