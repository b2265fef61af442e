package tables

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

// sampleFS holds the base tables.
func sampleFS() fstest.MapFS {
	fsys := fstest.MapFS{"virtuals": {Data: []byte("# none\n")}}
	for k, text := range base {
		fsys[k.String()] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestLoadReportsWhatItCannotRead(t *testing.T) {
	for _, c := range []struct {
		id   string
		make func(fstest.MapFS)
		want string
	}{
		{"all is well", func(fstest.MapFS) {}, ""},
		{"I01 missing", func(m fstest.MapFS) { delete(m, "services") },
			"error services: cannot read the table: no such file; create it, it may be empty\n"},
		{"options may be missing", func(m fstest.MapFS) { delete(m, "options") }, ""},
		{"I02 directory", func(m fstest.MapFS) { m["rules"] = &fstest.MapFile{Mode: fs.ModeDir} },
			"error rules: is a directory; a table is a file\n"},
		{"I03 device", func(m fstest.MapFS) { m["rules"] = &fstest.MapFile{Mode: fs.ModeDevice} },
			"error rules: is not a regular file; a table is a file\n"},
		{"I08 too big", func(m fstest.MapFS) { m["rules"] = &fstest.MapFile{Data: make([]byte, 2<<20)} },
			"error rules: 2.0 MB; the limit is 1 MB\n"},
		{"I08 a little too big", func(m fstest.MapFS) { m["rules"] = &fstest.MapFile{Data: make([]byte, 1<<20+1)} },
			"error rules: 1.1 MB; the limit is 1 MB\n"},
		{"every table is named", func(m fstest.MapFS) { clear(m) },
			"error addresses: cannot read the table: no such file; create it, it may be empty\n" +
				"error services: cannot read the table: no such file; create it, it may be empty\n" +
				"error interfaces: cannot read the table: no such file; create it, it may be empty\n" +
				"error rules: cannot read the table: no such file; create it, it may be empty\n" +
				"error virtuals: cannot read the table: no such file; create it, it may be empty\n"},
	} {
		t.Run(c.id, func(t *testing.T) {
			fsys := sampleFS()
			c.make(fsys)
			set, problems := Load(fsys)
			if got := show(problems); got != c.want {
				t.Errorf("problems are\n%swant\n%s", got, c.want)
			}
			for _, k := range Kinds() {
				if set.File(k) == nil || set.File(k).Kind != k {
					t.Errorf("the set has no file for %s", k)
				}
			}
		})
	}
}

// failingFS cannot open one file.
type failingFS struct {
	fstest.MapFS
	name string
}

func (f failingFS) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return f.MapFS.Open(name)
}

func TestLoadNamesTheCause(t *testing.T) {
	_, problems := Load(failingFS{sampleFS(), "virtuals"})
	want := "error virtuals: cannot read the table: permission denied\n"
	if got := show(problems); got != want {
		t.Errorf("problems are\n%swant\n%s", got, want)
	}
}

func TestLoadDoesNotWaitForAPipe(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, sampleFS()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "rules")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, problems := Load(os.DirFS(dir))
	if got, want := show(problems), "error rules: is not a regular file; a table is a file\n"; got != want {
		t.Errorf("problems are\n%swant\n%s", got, want)
	}
}

func TestUnreadTableIsOneProblemNotMany(t *testing.T) {
	fsys := sampleFS()
	delete(fsys, "addresses")
	fsys["services"].Data = []byte("ssh 22 -\n")
	fsys["rules"].Data = []byte("ext FW lan_home lan_nas ssh accept\n")
	fsys["virtuals"].Data = []byte("ext router lan_nas ssh ssh\n")
	set, _ := Load(fsys)
	_, problems := set.Check(Facts{})
	want := "error addresses: cannot read the table: no such file; create it, it may be empty\n"
	if got := show(problems); got != want {
		t.Errorf("problems are\n%swant\n%s", got, want)
	}
}

func TestTooManyRows(t *testing.T) {
	rules := strings.Repeat("ext FW ALL ALL ssh accept\n", maxRows+1)
	_, problems := setWith(Options, "").With(Parse(Rules, []byte(rules))).Check(Facts{})
	if got := show(problems); !strings.Contains(got, "error rules: 20001 rows; the limit is 20000\n") || strings.Contains(got, "rules:1") {
		t.Errorf("I09: problems are\n%s", got)
	}
}

func TestFileAsAWhole(t *testing.T) {
	for _, c := range []struct{ id, in, want string }{
		{"I12 byte-order mark", "\ufeff# x\next FW ALL ALL ssh accept\n",
			"warning rules: starts with a byte-order mark, which MicroFW takes for data; save the file as UTF-8 without one\n"},
		{"I13 Windows line ends", "# x\r\next FW ALL ALL ssh accept\r\n",
			"warning rules: has Windows line ends (CR LF); they are kept, but other tools may not expect them\n"},
		{"I14 lone carriage return", "# x\r# y\next FW ALL ALL ssh accept\n",
			"warning rules:1:1: a carriage return alone ends this line; use a newline\n"},
		{"I18 no newline at the end", "ext FW ALL ALL ssh accept",
			"warning rules:1:1: last line has no line end; check that the file is complete\n"},
	} {
		t.Run(c.id, func(t *testing.T) {
			cfg, problems := setWith(Rules, "").With(Parse(Rules, []byte(c.in))).Check(Facts{})
			problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.File != "rules" })
			if got := show(problems); got != c.want {
				t.Errorf("problems are\n%swant\n%s", got, c.want)
			}
			if len(cfg.Rules) != 1 {
				t.Errorf("%d rules were understood, want 1", len(cfg.Rules))
			}
		})
	}
}

func TestProblemsAreLimitedErrorsFirst(t *testing.T) {
	rules := strings.Repeat("ext FW ALL ALL http accept\n", 150) + strings.Repeat("ext FW ALL ALL htp accept\n", 100)
	_, problems := setWith(Options, "").With(Parse(Rules, []byte(rules))).Check(Facts{})
	errors, warnings := problems.Count()
	last := problems[len(problems)-1].Error()
	// the four warnings of base, and 149 of 150 equal rows
	if got, want := fmt.Sprintf("%d %d %d %s", len(problems), errors, warnings, last), "201 100 101 tables: 53 more problems are not shown; correct these first"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, problems = setWith(Options, "").With(Parse(Rules, []byte(strings.Repeat(rules, 3)))).Check(Facts{})
	errors, warnings = problems.Count()
	if errors != 201 || warnings != 0 {
		t.Errorf("%d errors and %d warnings, want 201 and 0", errors, warnings)
	}
}

func TestChangedNamesTheTables(t *testing.T) {
	set := setWith(Options, "")
	same := set.With(Parse(Rules, set.File(Rules).Bytes()))
	if got := same.Changed(set); got != nil {
		t.Errorf("equal sets differ in %v", got)
	}
	next, err := set.Edit(Rules, func(f *File) error { return f.SetCell(1, 5, "drop") })
	if err != nil {
		t.Fatal(err)
	}
	back, err := next.Edit(Rules, func(f *File) error { return f.SetCell(1, 5, "accept") })
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(next.Changed(set), back.Changed(set)); got != "[rules] []" {
		t.Errorf("got %s, want [rules] []", got)
	}
}

func TestACellThatIsSetToItsOwnTextKeepsItsLine(t *testing.T) {
	f := Parse(Rules, []byte("ext FW ALL ALL ssh accept\n"))
	line := f.Line(1)
	if err := f.SetCell(1, 4, "ssh"); err != nil {
		t.Fatal(err)
	}
	if f.Line(1) != line {
		t.Error("the row counts as changed")
	}
}

func TestFailedEditGivesNoSet(t *testing.T) {
	next, err := setWith(Rules, "").Edit(Rules, func(f *File) error {
		return errors.Join(f.DeleteRow(1), f.DeleteRow(99))
	})
	if next != nil || !errors.Is(err, ErrNoLine) {
		t.Errorf("got %v, %v", next, err)
	}
}

func TestHeaderIsALayout(t *testing.T) {
	for _, k := range Kinds() {
		f := Parse(k, []byte(k.Header()))
		var titles, texts []string
		for range k.Columns() {
			texts = append(texts, "x")
		}
		if err := f.InsertRow(len(f.Lines)+1, texts); err != nil {
			t.Fatal(err)
		}
		for i, start := range layoutOf(f.Lines[len(f.Lines)-1].Cells).starts {
			if want := k.column(i).start; start != want {
				t.Errorf("%s: cell %d starts at %d, want %d", k, i, start, want)
			}
			titles = append(titles, k.column(i).Title)
		}
		if header := f.Lines[len(f.Lines)-2].String(); strings.Join(strings.Fields(header)[1:], " ") != strings.Join(titles, " ") {
			t.Errorf("%s: header is %q, want the titles %q", k, header, titles)
		}
	}
}

func TestComplete(t *testing.T) {
	set := setWith(Rules, "")
	for _, c := range []struct {
		kind  Kind
		cell  int
		typed string
		want  string
	}{
		{Rules, 0, "", "ext (eth0) int (eth1) DOCKER (docker0)"},
		{Rules, 1, "", "FW (the firewall itself) ALL (the firewall and every zone) ext (eth0) int (eth1) DOCKER (docker0)"},
		{Rules, 2, "ge", "GEO: (country codes, as in GEO:DE,AT)"},
		{Rules, 2, "LAN", "lan_home (192.168.0.0/24, fd00::/64) lan_nas (192.168.0.1, fd00::1)"},
		{Rules, 3, "only", "v4only (10.0.0.1) v6only (fd00::2)"},
		{Rules, 4, "htt", "http (tcp 80) http-alt (tcp 8080)"},
		{Rules, 5, "accept+", "accept+log (let it pass, and log it) accept+nat (let it pass, from the firewall's own address) " +
			"accept+nat+log (let it pass, from the firewall's own address, and log it)"},
		{Virtuals, 2, "d", "DOCKER (a published container port) mdns (224.0.0.251, ff02::fb) named (nas.example, nas.example)"},
		{Virtuals, 0, "i", "int (eth1)"},
		{Virtuals, 1, "rou", "router (203.0.113.1, 2001:db8::1)"},
		{Virtuals, 3, "al", "ALL (every port; both services must be ALL) http-alt (tcp 8080)"},
		{Interfaces, 1, "do", "DOCKER (docker0)"},
		{Interfaces, 2, "gre,osp", "gre,ospf (IP protocol 89)"},
		{Addresses, 1, "", "- (none)"},
		{Addresses, 0, "", ""},
		{Options, 1, "nat", "nat-order (upstream: any accept+nat row masquerades; first-match: only the row that decides)"},
		{Options, 2, "dn", "dnat (virtual-scope)"},
	} {
		var got []string
		for _, x := range Complete(set, c.kind, c.cell, c.typed) {
			got = append(got, fmt.Sprintf("%s (%s)", x.Text, x.Help))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s cell %d %q: got\n%s\nwant\n%s", c.kind, c.cell, c.typed, strings.Join(got, " "), c.want)
		}
	}
}
