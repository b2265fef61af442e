package compile

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"

	"github.com/aymanbagabas/go-udiff"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// archive is one case: the tables and facts that go in, and what comes out.
type archive struct {
	path  string
	txt   *txtar.Archive
	files fstest.MapFS
	facts Facts
	all   bool // v4 and v6 show also what is the same in every ruleset
}

// The sections of an archive. An absent table is an empty one.
var (
	inputs  = []string{"addresses", "services", "interfaces", "rules", "virtuals", "options", "facts"}
	outputs = []string{"v4", "v6", "sets", "problems"}
)

// archives reads every case of testdata.
func archives(t testing.TB) []*archive {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	var list []*archive
	for _, path := range paths {
		list = append(list, readArchive(t, path))
	}
	return list
}

func readArchive(t testing.TB, path string) *archive {
	t.Helper()
	txt, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{path: path, txt: txt, files: fstest.MapFS{}}
	for _, k := range tables.Kinds() {
		a.files[k.String()] = &fstest.MapFile{}
	}
	for _, f := range txt.Files {
		switch {
		case f.Name == "facts":
			a.readFacts(t, string(f.Data))
		case slices.Contains(inputs, f.Name):
			a.files[f.Name].Data = f.Data
		case !slices.Contains(outputs, f.Name):
			t.Fatalf("%s: unknown section %q", path, f.Name)
		}
	}
	return a
}

// readFacts reads lines such as
//
//	bridge br0
//	hook v4 DOCKER-USER
//	country DE 203.0.113.0/24 2001:db8::/32
//	host nas.example 192.0.2.1 2001:db8::1
//	all chains
func (a *archive) readFacts(t testing.TB, text string) {
	t.Helper()
	a.facts.Countries, a.facts.Hosts = map[string][]netip.Prefix{}, map[string][]netip.Addr{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case words[0] == "bridge":
			a.facts.Bridges = append(a.facts.Bridges, words[1:]...)
		case words[0] == "hook" && words[1] == "v4":
			a.facts.ForwardHook4 = words[2]
		case words[0] == "hook" && words[1] == "v6":
			a.facts.ForwardHook6 = words[2]
		case words[0] == "country":
			for _, w := range words[2:] {
				a.facts.Countries[words[1]] = append(a.facts.Countries[words[1]], netip.MustParsePrefix(w))
			}
		case words[0] == "host":
			for _, w := range words[2:] {
				a.facts.Hosts[words[1]] = append(a.facts.Hosts[words[1]], netip.MustParseAddr(w))
			}
		case line == "all chains\n":
			a.all = true
		default:
			t.Fatalf("%s: unknown fact %q", a.path, line)
		}
	}
}

// name is the name of the case.
func (a *archive) name() string { return strings.TrimSuffix(filepath.Base(a.path), ".txtar") }

// compile checks and compiles the tables of the case. The problems are those of
// the compiler alone; the tables must have no errors of their own.
func (a *archive) compile(t testing.TB) (*Result, tables.Problems) {
	t.Helper()
	cfg := a.config(t)
	return Compile(cfg, a.facts)
}

func (a *archive) config(t testing.TB) *tables.Config {
	t.Helper()
	set, problems := tables.Load(a.files)
	if problems.HasErrors() {
		t.Fatalf("%s: load: %v", a.path, problems)
	}
	cfg, problems := set.Check(tables.Facts{})
	if problems.HasErrors() {
		t.Fatalf("%s: check: %v", a.path, problems)
	}
	return cfg
}

// The chains and rules that are the same in every ruleset; only a case with the
// fact "all chains" shows them.
var (
	fixedChains = []string{
		ruleset.ChainAccept, ruleset.ChainDrop, ruleset.ChainReject, chainNDP, chainErrors,
		ruleset.Input, ruleset.Forward, ruleset.Prerouting, ruleset.Postrouting,
	}
	fixedRules = []string{"established", "lo", idICMPv6, "icmp", idReject}
)

// show prints one family as the cases hold it: for each rule the table, the
// chain, the rule, and where it came from.
func show(res *Result, f ruleset.Family, all bool) string {
	var b strings.Builder
	for _, t := range *res.Rules.Tables(f) {
		for _, c := range t.Chains {
			for _, r := range c.Rules {
				if all || !slices.Contains(fixedChains, c.Name) && !slices.Contains(fixedRules, r.ID) {
					fmt.Fprintf(&b, "%s %s %s # %s\n", t.Name, c.Name, r.Spec(f), showRef(res, r.ID))
				}
			}
		}
	}
	return b.String()
}

// showRef is the row of a rule id, or the name of the built-in part.
func showRef(res *Result, id string) string {
	ref := res.Rows[id]
	switch {
	case ref.Line == 0:
		return ref.Name
	case ref.Name != "":
		return fmt.Sprintf("%s:%d %s", ref.Kind, ref.Line, ref.Name)
	}
	return fmt.Sprintf("%s:%d", ref.Kind, ref.Line)
}

// sameAsV4 stands in a case whose families have the same rules.
const sameAsV4 = "as v4\n"

// output is one section of what comes out.
func (a *archive) output(t testing.TB, section string, res *Result, problems tables.Problems) string {
	t.Helper()
	var b strings.Builder
	switch section {
	case "v4":
		return show(res, ruleset.V4, a.all)
	case "v6":
		text := show(res, ruleset.V6, a.all)
		if text == show(res, ruleset.V4, a.all) {
			return sameAsV4
		}
		return text
	case "sets":
		text, err := res.Rules.Sets.RestoreText()
		if err != nil {
			t.Errorf("sets: %v", err)
		}
		return text
	case "problems":
		for _, p := range problems {
			fmt.Fprintf(&b, "%s: %s\n", p.Severity, p.Error())
		}
	}
	return b.String()
}

// TestCases compiles every case of testdata and compares what comes out. With
// -update the expectations are rewritten.
func TestCases(t *testing.T) {
	for _, a := range archives(t) {
		t.Run(a.name(), func(t *testing.T) {
			res, problems := a.compile(t)
			got := &txtar.Archive{Comment: a.txt.Comment}
			for _, f := range a.txt.Files {
				if slices.Contains(inputs, f.Name) {
					got.Files = append(got.Files, f)
				}
			}
			for _, section := range outputs {
				got.Files = append(got.Files, txtar.File{Name: section, Data: []byte(a.output(t, section, res, problems))})
			}
			if *update {
				if err := os.WriteFile(a.path, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := udiff.Unified("want", "got", string(txtar.Format(a.txt)), string(txtar.Format(got))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
