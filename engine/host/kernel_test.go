package host

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestFakeAndRealKernelsGiveTheSameResults(t *testing.T) {
	for _, c := range kernelCases {
		t.Run(c.name, func(t *testing.T) {
			t.Run("fake", func(t *testing.T) { runKernelCase(t, NewFake(), c, true) })
			for _, b := range []Backend{NFT, Legacy} {
				t.Run(string(b), func(t *testing.T) {
					enterNamespace(t)
					// The legacy tools give no reasons for chains.
					runKernelCase(t, NewReal(Options{Backend: b}), c, b == NFT)
				})
			}
		})
	}
}

func runKernelCase(t *testing.T, k Kernel, c kernelCase, reasons bool) {
	ctx := t.Context()
	for i, s := range c.steps {
		var err error
		switch s.what {
		case "v4":
			err = k.Restore(ctx, ruleset.V4, s.text)
		case "v6":
			err = k.Restore(ctx, ruleset.V6, s.text)
		case "sets":
			err = k.RestoreSets(ctx, s.text)
		}
		if failed := err != nil; failed != (s.fails != "no") {
			t.Fatalf("step %d: fails %q, got error %v", i+1, s.fails, err)
		}
		if err != nil && asExec(err) == nil {
			t.Errorf("step %d: error %v is no *ExecError", i+1, err)
		}
		if !reasons && s.what != "sets" {
			continue
		}
		if s.fails == "not exist" && !IsNotExist(err) || s.fails == "in use" && !IsInUse(err) {
			t.Errorf("step %d: error %q is not recognised as %q", i+1, err, s.fails)
		}
	}
	rs, err := k.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.want, describe(rs)); diff != "" {
		t.Errorf("state after the loads (-want +got):\n%s", diff)
	}
	rules, err := k.ReadRules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rs.Sets = nil
	if diff := cmp.Diff(describe(rs), describe(rules)); diff != "" {
		t.Errorf("the rules alone are not those of the whole (-whole +alone):\n%s", diff)
	}
}

// describe prints a ruleset with one line for each rule, empty chain and set,
// without built-in chains that do nothing.
func describe(rs *ruleset.Ruleset) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(rs.Sets)) {
		b.WriteString(describeSet(rs.Sets[name]))
	}
	for _, f := range ruleset.Families() {
		tables := slices.Clone(*rs.Tables(f))
		slices.SortFunc(tables, func(a, b *ruleset.Table) int { return strings.Compare(a.Name, b.Name) })
		for _, t := range tables {
			var lines []string
			for _, c := range t.Chains {
				lines = append(lines, describeChain(f, t.Name, c))
			}
			b.WriteString(strings.Join(lines, ""))
		}
	}
	return b.String()
}

func describeChain(f ruleset.Family, table string, c *ruleset.Chain) string {
	name := f.String() + " " + table + " " + c.Name
	var b strings.Builder
	if c.Policy != "" && c.Policy != "ACCEPT" {
		fmt.Fprintf(&b, "%s policy %s\n", name, c.Policy)
	}
	for _, r := range c.Rules {
		if r.Counters != (ruleset.Counters{}) {
			fmt.Fprintf(&b, "%s: %s %s\n", name, counters(r.Counters), r.Text(f))
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n", name, r.Text(f))
	}
	if c.Policy == "" && len(c.Rules) == 0 {
		fmt.Fprintf(&b, "%s:\n", name)
	}
	return b.String()
}

func describeSet(s *ruleset.Set) string {
	text := "set " + s.Name + " " + s.Type
	if s.Family != 0 {
		text += " " + s.Family.String()
	}
	if s.Type == "bitmap:port" {
		text += fmt.Sprintf(" %d-%d", s.Ports.Lo, s.Ports.Hi)
	}
	if s.Timeout >= 0 {
		text += " timeout"
	}
	text += ":"
	for _, m := range s.Members {
		switch {
		case m.Prefix.IsValid():
			text += " " + m.Prefix.String()
		case m.Text != "":
			text += " " + m.Text
		case m.Port.Lo == m.Port.Hi:
			text += fmt.Sprintf(" %d", m.Port.Lo)
		default:
			text += fmt.Sprintf(" %d-%d", m.Port.Lo, m.Port.Hi)
		}
		if m.Timeout > 0 {
			text += " timeout"
		}
	}
	return text + "\n"
}

func TestASetIsReadAfterTheLoadThatChangedIt(t *testing.T) {
	cases := []struct {
		name, text string
		want       string // the set; empty for none
		fails      bool
	}{
		{name: "after a swap", text: "add b m timeout 30 -exist\nswap a b\n", want: "set a list:set timeout: m timeout\n"},
		{name: "after a flush", text: "flush a\n", want: "set a list:set timeout:\n"},
		{name: "without a change", want: "set a list:set timeout:\n"},
		{name: "after a load that fails", text: "swap a nosuch\n", fails: true},
	}
	onKernels := map[string]func(t *testing.T) Kernel{
		"fake": func(*testing.T) Kernel { return NewFake() },
		"real": func(t *testing.T) Kernel { enterNamespace(t); return NewReal(Options{Backend: NFT}) },
	}
	for kernel, newKernel := range onKernels {
		for _, c := range cases {
			t.Run(kernel+"/"+c.name, func(t *testing.T) {
				k := newKernel(t)
				must(t, k.RestoreSets(t.Context(), "create m hash:net family inet\ncreate a list:set timeout 60\ncreate b list:set timeout 60\n"))
				s, err := k.RestoreAndReadSet(t.Context(), c.text, "a")
				if c.fails {
					if asExec(err) == nil || s != nil {
						t.Errorf("set %v, error %v, want an *ExecError", s, err)
					}
					return
				}
				must(t, err)
				if got := describeSet(s); got != c.want {
					t.Errorf("read %q, want %q", got, c.want)
				}
			})
		}
	}
}
