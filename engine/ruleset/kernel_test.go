package ruleset

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// kernel loads texts with the real tools into a network namespace of its own
// and returns what they save.
type kernel struct {
	restore, save string
}

// losesCounters reports whether the tool drops every counter that it is given:
// ip6tables-nft 1.8.9 does, from -c and from [packets:bytes].
func (k kernel) losesCounters() bool { return k.restore == "ip6tables-nft-restore" }

// withoutCounters sets all counters of rules to zero where the tool does.
func (k kernel) withoutCounters(ts Tables) {
	if !k.losesCounters() {
		return
	}
	for _, t := range ts {
		for _, c := range t.Chains {
			for _, r := range c.Rules {
				r.Counters = Counters{}
			}
		}
	}
}

// kernels are the tools of one family, of both variants.
func kernels(f Family) []kernel {
	prefix := "iptables"
	if f == V6 {
		prefix = "ip6tables"
	}
	return []kernel{
		{prefix + "-nft-restore", prefix + "-nft-save"},
		{prefix + "-legacy-restore", prefix + "-legacy-save"},
	}
}

// needKernel skips a test that cannot load rules here, or fails it where that
// is required.
func needKernel(t *testing.T) {
	t.Helper()
	why := ""
	if os.Geteuid() != 0 {
		why = "not root"
	}
	for _, tool := range []string{"unshare", "sh", "ipset", "iptables-nft-restore", "iptables-legacy-restore"} {
		if _, err := exec.LookPath(tool); err != nil {
			why = err.Error()
		}
	}
	switch {
	case why == "":
	case os.Getenv("MFWTUI_TEST_KERNEL") == "must":
		t.Fatalf("cannot load rules: %s", why)
	default:
		t.Skipf("cannot load rules: %s", why)
	}
}

// run loads sets and rules and returns what was saved of both.
func (k kernel) run(t *testing.T, sets, rules string) (savedSets, savedRules []byte) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	script := `set -e; ipset restore <"$1"; "$3" --counters <"$2"; ipset save; echo "=== rules"; "$4" -c`
	cmd := exec.Command("unshare", "-n", "sh", "-c", script, "sh",
		write("sets", sets), write("rules", rules), k.restore, k.save)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", k.restore, err, stderr.String())
	}
	savedSets, savedRules, ok := bytes.Cut(out, []byte("=== rules\n"))
	if !ok {
		t.Fatalf("%s: no output after the sets", k.save)
	}
	return savedSets, savedRules
}

// TestKernelKeepsEveryRule proves on both variants and families that a rule
// that can be printed is loaded, and comes back with the same Spec, id and
// counters.
func TestKernelKeepsEveryRule(t *testing.T) {
	needKernel(t)
	for _, f := range Families() {
		for _, k := range kernels(f) {
			t.Run(k.restore, func(t *testing.T) {
				t.Parallel()
				g := randomRules{rand.New(rand.NewPCG(1, uint64(f))), f}
				rs := &Ruleset{Sets: g.sets()}
				*rs.Tables(f) = g.tables(400)
				sets, rules := rs.texts(t, f)
				savedSets, savedRules := k.run(t, sets, rules)

				got, err := ParseTables(f, savedRules)
				if err != nil {
					t.Fatal(err)
				}
				k.withoutCounters(*rs.Tables(f))
				for _, table := range *rs.Tables(f) {
					for _, c := range table.Chains {
						sameRules(t, f, c, got.Chain(table.Name, c.Name))
					}
				}
				gotSets, err := ParseSets(savedSets)
				if err != nil {
					t.Fatal(err)
				}
				for name, s := range rs.Sets {
					if back := gotSets[name]; back == nil || !s.Equal(back) {
						t.Errorf("set %s came back as %+v", name, back)
					}
				}
			})
		}
	}
}

// texts prints sets and rules, which must be possible.
func (rs *Ruleset) texts(t *testing.T, f Family) (sets, rules string) {
	t.Helper()
	sets, err := rs.Sets.RestoreText()
	if err != nil {
		t.Fatal(err)
	}
	rules, err = rs.RestoreText(f)
	if err != nil {
		t.Fatal(err)
	}
	return sets, rules
}

func sameRules(t *testing.T, f Family, want, got *Chain) {
	t.Helper()
	if got == nil || len(got.Rules) != len(want.Rules) {
		t.Fatalf("chain %s with %d rules came back as %+v", want.Name, len(want.Rules), got)
	}
	for i, w := range want.Rules {
		g := got.Rules[i]
		if w.Spec(f) != g.Spec(f) || w.ID != g.ID || w.Counters != g.Counters {
			t.Errorf("chain %s rule %d:\nwant %v %s\n got %v %s", want.Name, i, w.Counters, w.Text(f), g.Counters, g.Text(f))
		}
		if g.Raw != nil {
			t.Errorf("chain %s rule %d was not understood: %q", want.Name, i, g.Raw)
		}
	}
}

// TestKernelTakesHooks proves that hooks, deletions, flushes and the removal of
// chains load with --noflush beside what is there.
func TestKernelTakesHooks(t *testing.T) {
	needKernel(t)
	hook := &Rule{Target: Jump{Chain: RootInput}, ID: "hook"}
	for _, f := range Families() {
		for _, k := range kernels(f) {
			t.Run(k.restore, func(t *testing.T) {
				t.Parallel()
				first, second := NewPrinter(f), NewPrinter(f)
				first.Table(Filter)
				first.Declare(RootInput)
				first.Declare("old")
				first.WriteRule(Insert, Input, hook, false)
				first.WriteRule(Append, RootInput, &Rule{Target: Jump{Chain: "old"}}, false)
				first.Commit()
				second.Table(Filter)
				second.Declare(RootInput)
				second.Flush("old")
				second.WriteRule(Delete, Input, hook, true)
				second.WriteRule(Append, RootInput, &Rule{Target: Drop, ID: "reject", Counters: Counters{1, 2}}, true)
				second.DeleteChain("old")
				second.Commit()
				one, two := mustText(t, first), mustText(t, second)
				_, saved := kernel{k.restore, saveAfter(t, k.restore, two)}.run(t, "", one)
				ts, err := ParseTables(f, saved)
				if err != nil {
					t.Fatal(err)
				}
				got := ts.SaveText(f)
				want := "[1:2] -A MFWINPUT -m comment --comment \"mfw:reject\" -j DROP\n"
				if k.losesCounters() {
					want = strings.Replace(want, "[1:2]", "[0:0]", 1)
				}
				if !strings.Contains(got, want) || strings.Contains(got, "hook") || strings.Contains(got, "old") {
					t.Errorf("left behind:\n%s", got)
				}
			})
		}
	}
}

// saveAfter makes a program that loads one more text before it saves.
func saveAfter(t *testing.T, restore, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "save")
	script := "#!/bin/sh\nset -e\n" + restore + " --noflush --counters <<'END'\n" + text + "END\n" +
		strings.TrimSuffix(restore, "restore") + "save -c\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustText(t *testing.T, p *Printer) string {
	t.Helper()
	text, err := p.Text()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestKernelTakesEveryName proves that names and texts with every character
// that the checks allow, and at every limit, load and come back.
func TestKernelTakesEveryName(t *testing.T) {
	needKernel(t)
	for _, f := range Families() {
		for _, k := range kernels(f) {
			t.Run(k.restore, func(t *testing.T) {
				t.Parallel()
				rs := &Ruleset{Sets: Sets{}}
				table := rs.Tables(f).Ensure(Filter)
				root := table.Ensure(RootForward)
				for _, name := range allowedNames() {
					text := name
					if strings.ContainsFunc(name, beyondASCII) { // not in a text of ours
						text = "text"
					}
					set := NewSet(CutName(name, MaxSetName), HashNet, f)
					rs.Sets[set.Name] = set
					table.Ensure(CutName(name, MaxChainName))
					root.Append(&Rule{
						In:      Iface{Name: CutName(name, MaxIfaceName)},
						Matches: []Match{MatchSet{Name: set.Name, Dirs: "src"}},
						ID:      CutName(text, MaxComment-len(CommentPrefix)),
						Target:  Jump{Chain: CutName(name, MaxChainName)},
					}, &Rule{Target: NFLog{Prefix: CutName(text, MaxNFLogPrefix)}, ID: "log"})
				}
				sets, rules := rs.texts(t, f)
				_, saved := k.run(t, sets, rules)
				got, err := ParseTables(f, saved)
				if err != nil {
					t.Fatal(err)
				}
				sameRules(t, f, root, got.Chain(Filter, RootForward))
			})
		}
	}
}

// allowedNames are names with each allowed character in front, inside and at
// the end, one that is as long as anything may be, and some in other letters than
// ASCII ones: with the byte of a no-break space (à), of the next line (Å), of
// three and four bytes, and combined.
func allowedNames() []string {
	names := []string{strings.Repeat("long", 100), "büro", "voilà", "Årø", "офис", "事務所", "𝔘", "bu\u0308ro", strings.Repeat("ü", 100), strings.Repeat("事", 100)}
	for c := rune(0x21); c <= 0x7e; c++ {
		if !plain(c) || c == '+' {
			continue
		}
		names = append(names, "x"+string(c)+"y", "y"+string(c))
		if c != '-' && c != '!' {
			names = append(names, string(c)+"z")
		}
	}
	return names
}
