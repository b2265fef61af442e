package host

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestTheBackEndIsDockersElseTheUsedElseTheUsual(t *testing.T) {
	empty := population{}
	used := population{tables: []string{"v4 filter"}}
	docker := population{tables: []string{"v4 filter", "v4 nat"}, docker: true}
	cases := []struct {
		name        string
		alternative Backend
		nft, legacy population
		want        Backend
		other       []string
	}{
		{"a fresh nft host", NFT, empty, empty, NFT, nil},
		{"a fresh legacy host", Legacy, empty, empty, Legacy, nil},
		{"rules where iptables leads to", NFT, used, empty, NFT, nil},
		{"rules only in legacy", NFT, empty, used, Legacy, nil},
		{"rules only in nft, iptables is legacy", Legacy, used, empty, NFT, nil},
		{"rules in both", NFT, used, used, NFT, []string{"v4 filter"}},
		{"rules in both, iptables is legacy", Legacy, used, used, Legacy, []string{"v4 filter"}},
		{"Docker in legacy, others in nft", NFT, used, docker, Legacy, []string{"v4 filter"}},
		{"Docker in nft, others in legacy, which iptables is", Legacy, docker, used, NFT, []string{"v4 filter"}},
		{"Docker's chains in both, as after a switch", NFT, docker, docker, NFT, []string{"v4 filter", "v4 nat"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, other := choose(c.alternative, c.nft, c.legacy)
			if got != c.want || !slices.Equal(other, c.other) {
				t.Errorf("%s, other tables %q; want %s, %q", got, other, c.want, c.other)
			}
		})
	}
}

func TestATableIsPopulatedByRulesChainsOrAPolicy(t *testing.T) {
	for text, want := range map[string]population{
		"*filter\n:INPUT ACCEPT [5:500]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n":      {},
		"*filter\n:INPUT DROP [0:0]\nCOMMIT\n":                                 {tables: []string{"v4 filter"}},
		"*filter\n:INPUT ACCEPT [0:0]\n:x - [0:0]\nCOMMIT\n":                   {tables: []string{"v4 filter"}},
		"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j RETURN\nCOMMIT\n":    {tables: []string{"v4 nat"}},
		"*filter\n:INPUT ACCEPT [0:0]\n:DOCKER-USER - [0:0]\nCOMMIT\n":         {tables: []string{"v4 filter"}, docker: true},
		"*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\nCOMMIT\n":            {tables: []string{"v4 nat"}, docker: true},
		"*mangle\n:FORWARD ACCEPT [0:0]\n:NOT-DOCKER-REALLY - [0:0]\nCOMMIT\n": {tables: []string{"v4 mangle"}},
	} {
		ts, err := ruleset.ParseTables(ruleset.V4, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, populate(ts, nil), cmp.AllowUnexported(population{})); diff != "" {
			t.Errorf("%s%s", text, diff)
		}
	}
}

func TestTheBackEndIsReadFromTheProgram(t *testing.T) {
	for path, want := range map[string]Backend{
		"/usr/sbin/xtables-nft-multi":    NFT,
		"/usr/sbin/xtables-legacy-multi": Legacy,
		"/sbin/xtables-multi":            "",
		"/usr/sbin/iptables":             "",
	} {
		if got := backendOfFile(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for text, want := range map[string]Backend{
		"iptables v1.8.9 (nf_tables)\n": NFT,
		"iptables v1.8.9 (legacy)\n":    Legacy,
		"iptables v1.6.1\n":             Legacy,
	} {
		if got := backendOfVersion(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

const someRule = "*filter\n:a - [0:0]\n-A a -j ACCEPT\nCOMMIT\n"

func TestTheBackEndThatHoldsTheRulesIsFound(t *testing.T) {
	cases := []struct {
		name  string
		load  []Backend
		want  Backend
		other []string
	}{
		{"fresh", nil, NFT, nil},
		{"nft", []Backend{NFT}, NFT, nil},
		{"legacy", []Backend{Legacy}, Legacy, nil},
		{"both", []Backend{Legacy, NFT}, NFT, []string{"v4 filter"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			enterNamespace(t)
			if b, err := NewReal(Options{}).alternative(t.Context()); err != nil || b != NFT {
				t.Skipf("the iptables of this host is %q (%v), the cases are for nft", b, err)
			}
			for _, b := range c.load {
				if err := NewReal(Options{Backend: b}).Restore(t.Context(), ruleset.V4, someRule); err != nil {
					t.Fatal(err)
				}
			}
			got, err := NewReal(Options{}).tools(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got.backend != c.want || !slices.Equal(got.other, c.other) {
				t.Errorf("%s, other tables %q; want %s, %q", got.backend, got.other, c.want, c.other)
			}
		})
	}
}

// The legacy tools make a table by being asked for it.
func TestLookingMakesNoLegacyTable(t *testing.T) {
	enterNamespace(t)
	for _, b := range []Backend{"", NFT, Legacy} {
		k := NewReal(Options{Backend: b})
		if _, err := k.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		if hasLegacyTables() {
			t.Fatalf("back end %q: a legacy table came into being", b)
		}
	}
}

// Docker without IPv6 leaves a host with legacy tables of one family only.
func TestLookingMakesNoLegacyTableOfTheOtherFamily(t *testing.T) {
	enterNamespace(t)
	if out, err := exec.Command("iptables-legacy", "-P", "FORWARD", "DROP").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := NewReal(Options{Backend: Legacy}).Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := legacyTables(ruleset.V6); len(got) > 0 {
		t.Errorf("IPv6 tables %q came into being", got)
	}
}

// A table of the same name for another family is none of the iptables tools'.
func TestNftTablesAreSeenWithoutAProgram(t *testing.T) {
	enterNamespace(t)
	steps := []struct {
		what string
		make func() error
		want bool
	}{
		{"a fresh namespace", func() error { return nil }, false},
		{"a filter table for ARP", func() error { return exec.Command("arptables-nft", "-P", "INPUT", "DROP").Run() }, false},
		{"a filter table for IPv6", func() error {
			return NewReal(Options{Backend: NFT}).Restore(t.Context(), ruleset.V6, someRule)
		}, true},
	}
	for _, s := range steps {
		if err := s.make(); err != nil {
			t.Fatalf("%s: %v", s.what, err)
		}
		if got := nftTables(); got != s.want {
			t.Errorf("%s: %v, want %v", s.what, got, s.want)
		}
	}
}

func TestTheUsualHostNeedsNoProgramToFindItsBackEnd(t *testing.T) {
	enterNamespace(t)
	k := NewReal(Options{Log: func(c Command) { t.Errorf("ran %q", c.Args) }})
	if b, err := k.alternative(t.Context()); err != nil || b != NFT {
		t.Skipf("the iptables of this host is %q (%v)", b, err)
	}
	if _, err := k.tools(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestVariablesThatLoadCodeAreRemoved(t *testing.T) {
	t.Setenv("LD_PRELOAD", "/tmp/evil.so")
	t.Setenv("XTABLES_LIBDIR", "/tmp/evil")
	t.Setenv("HARMLESS", "1")
	if _, err := newLister("true", ruleset.V4); err == nil {
		t.Error("a program would have got the variables")
	}
	CleanEnvironment()
	if v := loaderVariable(os.Environ()); v != "" {
		t.Errorf("%s is still there", v)
	}
	if os.Getenv("HARMLESS") != "1" {
		t.Error("a harmless variable is gone")
	}
}
