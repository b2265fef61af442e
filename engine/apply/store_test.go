package apply

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// put stores a target as a generation of that many seconds after 1970.
func put(t *testing.T, s store, second int64, want plan.Target) string {
	t.Helper()
	id := newID(time.Unix(second, 0))
	m := meta{ID: id, When: time.Unix(second, 0), Who: "alice", Previous: s.linked(currentLink), Own: plan.Owned(want.Rules)}
	if err := s.write(m, want, map[string][]byte{"rules": []byte("# rules\n"), "options": nil}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestGenerationComesBackAsStored(t *testing.T) {
	s := store{t.TempDir()}
	want := letting(22, 80)
	id := put(t, s, 1, want)
	if err := s.promote(id); err != nil {
		t.Fatal(err)
	}
	g, ok := Current(Paths{State: s.dir})
	if !ok || g.ID != id || g.Who != "alice" || g.Result != Confirmed || g.Damaged != nil {
		t.Fatalf("current: %+v, %v", g, ok)
	}
	got, err := g.Target()
	if err != nil {
		t.Fatal(err)
	}
	if d := plan.Compare(got.Rules, plan.Target{Rules: want.Rules}, g.Own); !d.Empty() {
		t.Errorf("stored and read back:\n%s", d.Unified())
	}
	if !slices.Equal(got.Hooks, want.Hooks) {
		t.Errorf("hooks %v, want %v", got.Hooks, want.Hooks)
	}
	if b, err := fs.ReadFile(g.Tables(), "rules"); err != nil || string(b) != "# rules\n" {
		t.Errorf("table rules: %q, %v", b, err)
	}
}

func TestEveryChangedByteIsFound(t *testing.T) {
	s := store{t.TempDir()}
	id := put(t, s, 1, letting(22))
	for _, name := range []string{rulesFile4, rulesFile6, setsFile, metaFile, sumsFile, "tables/rules"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(s.path(id), name)
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(b); i += 1 + len(b)/20 {
				changed := slices.Clone(b)
				changed[i] ^= 1
				if err := os.WriteFile(file, changed, 0o600); err != nil {
					t.Fatal(err)
				}
				var damaged *DamagedError
				if _, _, err := s.target(id); !errors.As(err, &damaged) || damaged.ID != id {
					t.Errorf("byte %d changed: %v", i, err)
				}
			}
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
	if _, _, err := s.target(id); err != nil {
		t.Errorf("undamaged again: %v", err)
	}
}

func TestPromoteKeepsWhatWasCurrentAsPrevious(t *testing.T) {
	s := store{t.TempDir()}
	first := put(t, s, 1, letting(22))
	if err := s.promote(first); err != nil {
		t.Fatal(err)
	}
	second := put(t, s, 2, letting(22, 80))
	// The second time is the one after a crash.
	for range 2 {
		if err := s.promote(second); err != nil {
			t.Fatal(err)
		}
		if c, p := s.linked(currentLink), s.linked(previousLink); c != second || p != first {
			t.Errorf("current %s, previous %s; want %s, %s", c, p, second, first)
		}
	}
}

func TestTwentyGenerationsStay(t *testing.T) {
	s := store{t.TempDir()}
	var ids []string
	for i := range int64(keepGenerations + 5) {
		ids = append(ids, put(t, s, i+1, letting(22)))
		if i == 0 {
			if err := s.promote(ids[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.prune()
	got, err := s.ids()
	if err != nil {
		t.Fatal(err)
	}
	// The confirmed one stays although it is the oldest.
	want := append(slices.Clone(ids[5:]), ids[0])
	slices.Sort(want)
	slices.Reverse(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %d generations %v, want %d", len(got), got, len(want))
	}
	// The links of those that were never in force do not.
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != genDir && e.Name() != currentLink {
			t.Errorf("%s is left", e.Name())
		}
	}
}

func TestNewerFormatIsRefusedByName(t *testing.T) {
	s := store{t.TempDir()}
	id := put(t, s, 1, letting(22))
	name := filepath.Join(s.path(id), metaFile)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files, err := readSummed(s.path(id))
	if err != nil {
		t.Fatal(err)
	}
	files[metaFile] = []byte(`{"Format": 3}`)
	for file, data := range map[string][]byte{name: files[metaFile], filepath.Join(s.path(id), sumsFile): sums(without(files, sumsFile))} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = s.target(id)
	want := "generation " + id + " was written by a newer mfwtui (format 3, known 1)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s (was %s)", err, want, b)
	}
}

func without(files map[string][]byte, name string) map[string][]byte {
	delete(files, name)
	return files
}

func TestIDsSortByTimeAndAreNoPaths(t *testing.T) {
	early, late := newID(time.Unix(1, 0)), newID(time.Unix(2, 0))
	if early >= late || !validID(early) {
		t.Errorf("%s, %s", early, late)
	}
	for _, bad := range []string{"", "../../../../../../../../etc", early + "/", early[:25], early[:25] + "u"} {
		if validID(bad) {
			t.Errorf("%q is taken for an identifier", bad)
		}
	}
}

func TestCodesHaveNoLookAlikes(t *testing.T) {
	for range 1000 {
		code := newCode()
		if len(code) != 4 {
			t.Fatalf("code %q", code)
		}
		for _, r := range code {
			if slices.Contains([]rune("ILO0Q1BDGNPU"), r) {
				t.Fatalf("code %q has %c", code, r)
			}
		}
	}
}

// F66: a quota that is used up is said, and the file not taken for written.
func TestAGenerationOverQuotaIsAnError(t *testing.T) {
	dir := t.TempDir()
	err := lab.OverQuota(func() error { return writeNew(filepath.Join(dir, "rules.v4"), make([]byte, 5000)) })
	if !errors.Is(err, unix.EDQUOT) {
		t.Errorf("a file over quota: %v, want %v", err, unix.EDQUOT)
	}
}
