package engine

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/etc"
	"github.com/mfwtui/mfwtui/tables"
)

// sampleDir is a directory with the sample tables that is safe to trust.
func sampleDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, k := range tables.Kinds() {
		data, err := etc.Samples.ReadFile(k.String())
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, k.String()), string(data))
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// loaded loads a store and fails on problems of reading.
func loaded(t *testing.T, dir string) (*store, *tables.Set) {
	t.Helper()
	s := &store{dir: dir}
	set, problems := s.load()
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return s, set
}

// withService adds a service, so that one table differs.
func withService(t *testing.T, set *tables.Set, name string) *tables.Set {
	t.Helper()
	changed, err := set.Edit(tables.Services, func(f *tables.File) error {
		return f.InsertRow(len(f.Lines)+1, []string{name, "4242", "-"})
	})
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestSaveWritesOnlyTheTablesThatChanged(t *testing.T) {
	dir := sampleDir(t)
	s, set := loaded(t, dir)
	before := map[string]os.FileInfo{}
	for _, k := range tables.Kinds() {
		before[k.String()], _ = os.Stat(filepath.Join(dir, k.String()))
	}
	if err := s.save(withService(t, set, "new-one")); err != nil {
		t.Fatal(err)
	}
	for name, was := range before {
		now, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if same := os.SameFile(was, now); same != (name != "services") {
			t.Errorf("%s: same file %v", name, same)
		}
	}
	if got := read(t, filepath.Join(dir, "services")); !strings.Contains(got, "new-one") {
		t.Errorf("services lacks the new row:\n%s", got)
	}
	if got := read(t, filepath.Join(dir, "services~")); strings.Contains(got, "new-one") {
		t.Error("services~ is not the version before the save")
	}
	if st, _ := os.Stat(filepath.Join(dir, "services")); st.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, want 0640", st.Mode().Perm())
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSaveRefusesWhenSomebodyElseWroteATable(t *testing.T) {
	dir := sampleDir(t)
	s, set := loaded(t, dir)
	write(t, filepath.Join(dir, "rules"), "# bob was here\n")
	err := s.save(withService(t, set, "new-one"))
	var changed *ErrChanged
	if !errors.As(err, &changed) || strings.Join(changed.Files, " ") != "rules" {
		t.Fatalf("error %v, want rules changed on disk", err)
	}
	if got := read(t, filepath.Join(dir, "services")); strings.Contains(got, "new-one") {
		t.Error("services was written although rules had changed")
	}
	if got := read(t, filepath.Join(dir, "rules")); got != "# bob was here\n" {
		t.Errorf("bob's file was overwritten: %q", got)
	}
}

func TestAnOptionalTableThatAppearedCountsAsChanged(t *testing.T) {
	dir := sampleDir(t)
	if err := os.Remove(filepath.Join(dir, "options")); err != nil {
		t.Fatal(err)
	}
	s, set := loaded(t, dir)
	write(t, filepath.Join(dir, "options"), "* countdown 60\n")
	var changed *ErrChanged
	if err := s.save(withService(t, set, "new-one")); !errors.As(err, &changed) {
		t.Fatalf("error %v, want options changed on disk", err)
	}
}

// A save that dies between two renames is finished by the next load: the list
// of renames stands until all are done.
func TestAnInterruptedSaveIsFinishedByTheNextLoad(t *testing.T) {
	dir := sampleDir(t)
	write(t, filepath.Join(dir, ".rules.new"), "# the new rules\n")
	write(t, filepath.Join(dir, intentName), `[{"From":".services.done","To":"services"},{"From":".rules.new","To":"rules"}]`)
	_, set := loaded(t, dir)
	if got := string(set.File(tables.Rules).Bytes()); got != "# the new rules\n" {
		t.Errorf("rules %q, want those of the interrupted save", got)
	}
	if _, err := os.Stat(filepath.Join(dir, intentName)); err == nil {
		t.Error("the list of renames is still there")
	}
}

// F69: what stands where a table or the list of renames was is not waited for.
func TestSaveAndLoadWaitForNoPipe(t *testing.T) {
	dir := sampleDir(t)
	s, set := loaded(t, dir)
	for _, name := range []string{"rules", intentName} {
		path := filepath.Join(dir, name)
		_ = os.Remove(path)
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var changed *ErrChanged
	if err := s.save(withService(t, set, "new-one")); !errors.As(err, &changed) || strings.Join(changed.Files, " ") != "rules" {
		t.Errorf("error %v, want rules changed on disk", err)
	}
	if _, problems := (&store{dir: dir}).load(); len(problems) != 1 || problems[0].File != "rules" {
		t.Errorf("problems %v, want one with rules", problems)
	}
}

// F66: one of two tables cannot be replaced, as when it is immutable.
func TestATableThatCannotBeReplacedKeepsTheOthersOld(t *testing.T) {
	dir := sampleDir(t)
	_, set := loaded(t, dir)
	before := read(t, filepath.Join(dir, "services"))
	if err := os.Remove(filepath.Join(dir, "options")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "rules")), os.Mkdir(filepath.Join(dir, "rules"), 0o700)); err != nil {
		t.Fatal(err)
	}
	dirty := []tables.Kind{tables.Services, tables.Options, tables.Rules}
	if err := replaceAll(dir, withService(t, set, "new-one"), dirty); err == nil {
		t.Fatal("a directory was replaced by a table")
	}
	if got := read(t, filepath.Join(dir, "services")); got != before {
		t.Errorf("services is that of the save that failed:\n%s", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "options")); err == nil {
		t.Error("options was made")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// F66 and F68: the quota of the person is used up, or the disk takes only the
// beginning of a table.
func TestASaveThatTheDiskDoesNotTakeChangesNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		save func(t *testing.T, dir string, s *store, set *tables.Set) error
		want error
	}{
		{"over quota", func(t *testing.T, _ string, s *store, set *tables.Set) error {
			return lab.OverQuota(func() error { return s.save(withService(t, set, "new-one")) })
		}, unix.EDQUOT},
		{"a short write", func(t *testing.T, dir string, s *store, set *tables.Set) error {
			long := []byte(read(t, filepath.Join(dir, "services")))
			long = append(long, bytes.Repeat([]byte("# a line of a table that is longer than the disk\n"), 4000)...)
			return s.save(set.With(tables.Parse(tables.Services, long)))
		}, unix.ENOSPC},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := sampleDir(t)
			if tt.want == unix.ENOSPC {
				dir = smallDisk(t, dir)
			}
			s, set := loaded(t, dir)
			before := read(t, filepath.Join(dir, "services"))
			if err := tt.save(t, dir, s, set); !errors.Is(err, tt.want) {
				t.Errorf("the save says %v, want %v", err, tt.want)
			}
			if got := read(t, filepath.Join(dir, "services")); got != before {
				t.Errorf("services has changed:\n%s", got)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if _, problems := s.load(); problems.HasErrors() {
				t.Errorf("the tables cannot be read any more: %v", problems)
			}
		})
	}
}

// smallDisk is a copy of a directory on a disk with room for half of a long
// table.
func smallDisk(t *testing.T, of string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
			t.Fatal("a small disk needs root")
		}
		t.Skip("a small disk needs root")
	}
	dir := t.TempDir()
	runtime.LockOSThread() // and never unlocked: the mounts end with the thread
	if err := errors.Join(
		unix.Unshare(unix.CLONE_NEWNS),
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("tmpfs", dir, "tmpfs", 0, "size=128k,mode=700"),
	); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	if err := os.CopyFS(dir, os.DirFS(of)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAListOfRenamesCannotNameOtherFiles(t *testing.T) {
	for _, list := range []string{
		`[{"From":"x","To":"../passwd"}]`, `[{"From":"../x","To":"rules"}]`, `garbage`,
	} {
		dir := sampleDir(t)
		write(t, filepath.Join(dir, intentName), list)
		s := &store{dir: dir}
		if _, problems := s.load(); !problems.HasErrors() {
			t.Errorf("%s: accepted", list)
		}
	}
}
