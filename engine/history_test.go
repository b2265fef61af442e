package engine

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// archive is a state directory with generations that a test puts there.
type archive struct {
	t   *testing.T
	dir string
	e   *Engine
}

func newArchive(t *testing.T) *archive {
	dir := t.TempDir()
	return &archive{t: t, dir: dir, e: New(Config{State: dir, Dir: t.TempDir()})}
}

// put stores tables as a confirmed generation, as an apply would.
func (a *archive) put(id, previous string, set *tables.Set) {
	a.t.Helper()
	cfg, problems := set.Check(tables.Facts{})
	if problems.HasErrors() {
		a.t.Fatal(problems)
	}
	c, _ := compile.Compile(cfg, compile.Facts{})
	ours := &ruleset.Ruleset{Sets: c.Rules.Sets}
	files := make(map[string]string)
	for _, f := range ruleset.Families() {
		for _, table := range *c.Rules.Tables(f) {
			for _, chain := range table.Chains {
				if strings.ToUpper(chain.Name) != chain.Name || strings.HasPrefix(chain.Name, "MFW") {
					to := ours.Tables(f).Ensure(table.Name)
					to.Chains = append(to.Chains, chain)
				}
			}
		}
		files[f.String()+".rules"] = a.text(ours.RestoreText(f))
	}
	files["sets.rules"] = a.text(c.Rules.Sets.RestoreText())
	for name, data := range tableBytes(set) {
		files["tables/"+name] = string(data)
	}
	about, err := json.Marshal(map[string]any{"Format": 1, "ID": id, "Who": "alice", "Previous": previous, "Hooks": c.Hooks, "Own": plan.Owned(c.Rules)})
	if err != nil {
		a.t.Fatal(err)
	}
	files["meta.json"] = string(about)
	at := filepath.Join(a.dir, "gen", id)
	if err := os.MkdirAll(filepath.Join(at, "tables"), 0o700); err != nil {
		a.t.Fatal(err)
	}
	var sums strings.Builder
	for name, text := range files {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(text)), name)
		write(a.t, filepath.Join(at, name), text)
	}
	write(a.t, filepath.Join(at, "sha256sums"), sums.String())
	_ = os.Remove(filepath.Join(a.dir, "current")) // the first one makes it
	if err := os.Symlink(filepath.Join("gen", id), filepath.Join(a.dir, "current")); err != nil {
		a.t.Fatal(err)
	}
}

func (a *archive) text(text string, err error) string {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
	return text
}

// id is the identifier of the n-th generation.
func genID(n int) string { return fmt.Sprintf("%026d", n) }

func TestRecallComparesWithThePredecessorAndWithNow(t *testing.T) {
	const two = "ext FW admins ALL ssh accept\next FW ALL ALL http accept\n"
	a := newArchive(t)
	a.put(genID(1), "", policy(t, map[string]string{"rules": "ext FW admins ALL ssh accept\n"}))
	a.put(genID(2), genID(1), policy(t, map[string]string{"rules": two}))
	a.put(genID(3), genID(2), policy(t, map[string]string{"rules": two + "ext FW nas ALL munin accept\next FW nas ALL ssh drop\n"}))
	tests := []struct {
		name        string
		id          string
		against     Against
		base        string
		rows        int
		added, gone int // IPv4 rules
	}{
		{"against the predecessor", genID(2), Predecessor, genID(1), 1, 1, 0},
		{"against now", genID(2), Now, genID(3), 2, 0, 2},
		{"the one that runs against now", genID(3), Now, genID(3), 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := a.e.Recall(tt.id, tt.against)
			if err != nil {
				t.Fatal(err)
			}
			n := got.Diff.Counts(ruleset.V4)
			if got.Base == nil || got.Base.ID != tt.base || len(got.Review.Rows) != tt.rows || n.Added != tt.added || n.Gone != tt.gone {
				t.Errorf("base %+v, %d rows, %+v; want base %s, %d rows, +%d -%d\n%s", got.Base, len(got.Review.Rows), n, tt.base, tt.rows, tt.added, tt.gone, got.Diff.Unified())
			}
			if len(got.Diff.Hooks) > 0 || len(got.Diff.Taken) > 0 {
				t.Errorf("hooks %v, taken %v; want none", got.Diff.Hooks, got.Diff.Taken)
			}
		})
	}
	t.Run("the first one adds everything", func(t *testing.T) {
		got, err := a.e.Recall(genID(1), Predecessor)
		if err != nil || got.Base != nil || len(got.Review.Rows) < 8 || len(got.Diff.Hooks) == 0 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestRecallSaysWhatIsNotKept(t *testing.T) {
	a := newArchive(t)
	a.put(genID(2), genID(1), policy(t, nil))
	if _, err := a.e.Recall(genID(1), Predecessor); !errors.Is(err, ErrPruned) {
		t.Errorf("a generation that is gone: %v", err)
	}
	if _, err := a.e.Recall(genID(2), Predecessor); !errors.Is(err, ErrPruned) || !strings.Contains(err.Error(), genID(1)) {
		t.Errorf("a predecessor that is gone: %v", err)
	}
}

func TestPastTablesAreWhatWasStored(t *testing.T) {
	a := newArchive(t)
	want := policy(t, nil)
	a.put(genID(1), "", want)
	got, err := a.e.PastTables(genID(1))
	if err != nil || len(got.Changed(want)) > 0 {
		t.Fatalf("tables %v differ, %v", got.Changed(want), err)
	}
	write(t, filepath.Join(a.dir, "gen", genID(1), "tables", "rules"), "ext FW ALL ALL ALL accept\n")
	if _, err := a.e.PastTables(genID(1)); err == nil {
		t.Error("tables that somebody changed in the store were handed out")
	}
}

func TestAnApplyCountsWhatItChanges(t *testing.T) {
	a := newArchive(t)
	before := policy(t, nil)
	a.put(genID(1), "", before)
	after := policy(t, map[string]string{"rules": "ext FW admins ALL ssh accept\n"})
	d := &plan.Diff{Chains: []plan.ChainDiff{{Family: ruleset.V4, Op: plan.Change, Lines: []plan.Line{{Op: plan.Remove}, {Op: plan.Add}, {Op: plan.Remove}}}}}
	got := a.e.changes(&Preview{Tables: tableBytes(after), Diff: d})
	if want := (Changes{Rows: 2, Added: 1, Gone: 2}); *got != want {
		t.Errorf("%+v, want %+v", *got, want)
	}
}
