package engine_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// walkInput walks a packet through an input chain that has a rule for each
// letter, none of which matches.
func walkInput(t *testing.T, letters string) *engine.Explanation {
	t.Helper()
	var text strings.Builder
	text.WriteString("*filter\n:INPUT ACCEPT [0:0]\n")
	for _, c := range letters {
		fmt.Fprintf(&text, "-A INPUT -p tcp -m tcp --dport %d -j DROP\n", 1000+c)
	}
	text.WriteString("COMMIT\n")
	ts, err := ruleset.ParseTables(ruleset.V4, []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	rules := &ruleset.Ruleset{}
	*rules.Tables(ruleset.V4) = ts
	p := ruleset.Packet{
		In: "eth0", Src: netip.MustParseAddr("192.0.2.9"), Dst: netip.MustParseAddr("192.0.2.1"),
		Proto: ruleset.TCP, SrcPort: 40000, DstPort: 22, TCPFlags: 2,
	}
	return engine.Walk(rules, nil, nil, p, func(netip.Addr) (bool, string) { return true, "" })
}

func TestStepsBesideEachOtherKeepTheOrderOfBothSides(t *testing.T) {
	for _, tt := range []struct{ name, live, staged, want string }{
		{"the same", "abc", "abc", "aa bb cc"},
		{"one more", "ac", "abc", "aa -b cc"},
		{"one less", "abc", "ac", "aa b- cc"},
		{"another", "abc", "axc", "aa b- -x cc"},
		{"moved up", "abc", "cab", "-c aa bb c-"},
		{"moved down", "cab", "abc", "-a -b cc a- b-"},
		{"twice", "aab", "aaab", "aa aa -a bb"},
		{"nothing before", "", "ab", "-a -b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			both := &engine.BothWays{Live: walkInput(t, tt.live), Staged: walkInput(t, tt.staged)}
			var got []string
			for _, s := range both.Beside() {
				pair := letterOf(tt.live, s.Live) + letterOf(tt.staged, s.Staged)
				if pair != "" { // the policy is beside itself
					got = append(got, pair)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// letterOf is the letter of a step, a dash for none, and nothing for the policy
// behind the rules.
func letterOf(letters string, step int) string {
	switch {
	case step < 0:
		return "-"
	case step == len(letters):
		return ""
	}
	return letters[step : step+1]
}
