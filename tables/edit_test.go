package tables

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata")

// archive is a txtar file of testdata.
type archive struct {
	path string
	*txtar.Archive
}

func readArchives(t *testing.T, dir string) []archive {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives in testdata/%s: %v", dir, err)
	}
	var list []archive
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, archive{path, a})
	}
	return list
}

// kindOf finds the table of a file name such as "in/rules".
func kindOf(t *testing.T, name string) Kind {
	t.Helper()
	for _, k := range Kinds() {
		if k.String() == filepath.Base(name) {
			return k
		}
	}
	t.Fatalf("%s is no table", name)
	return 0
}

// TestEdits runs the edits of each archive on its "in" tables and compares
// with its "out" tables, which hold the ones that changed.
func TestEdits(t *testing.T) {
	for _, a := range readArchives(t, "edit") {
		t.Run(strings.TrimSuffix(filepath.Base(a.path), ".txtar"), func(t *testing.T) {
			set := NewSet()
			script := ""
			want := ""
			kept := &txtar.Archive{Comment: a.Comment}
			for _, f := range a.Files {
				switch dir := filepath.Dir(f.Name); {
				case f.Name == "edit":
					script = string(f.Data)
				case dir == "in":
					set = set.With(Parse(kindOf(t, f.Name), f.Data))
				case dir == "out":
					want += "-- " + f.Name + " --\n" + string(f.Data)
					continue
				default:
					t.Fatalf("unknown part %s", f.Name)
				}
				kept.Files = append(kept.Files, f)
			}
			result := set
			for line := range strings.Lines(script) {
				result = runEdit(t, result, strings.TrimSuffix(line, "\n"))
			}
			got := ""
			for _, k := range result.Changed(set) {
				data := result.File(k).Bytes()
				got += "-- out/" + k.String() + " --\n" + string(data)
				kept.Files = append(kept.Files, txtar.File{Name: "out/" + k.String(), Data: data})
			}
			if *update {
				if err := os.WriteFile(a.path, txtar.Format(kept), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("%sgot\n%s\nwant\n%s", a.Comment, got, want)
			}
		})
	}
}

// runEdit runs one line of an edit script, such as "rules set 3 5 drop".
func runEdit(t *testing.T, set *Set, line string) *Set {
	t.Helper()
	words := strings.Fields(line)
	if words[0] == "rename" {
		class := map[string]Object{"address": AddressObject, "service": ServiceObject, "zone": ZoneObject, "interface": InterfaceObject}[words[1]]
		next, _, err := set.Rename(class, words[2], words[3])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return next
	}
	num := func(i int) int {
		n, err := strconv.Atoi(words[i])
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return n
	}
	next, err := set.Edit(kindOf(t, words[0]), func(f *File) error {
		switch words[1] {
		case "set":
			return f.SetCell(num(2), num(3), words[4])
		case "row":
			return f.SetRow(num(2), words[3:])
		case "insert":
			return f.InsertRow(num(2), words[3:])
		case "delete":
			return f.DeleteRow(num(2))
		case "move":
			return f.MoveRow(num(2), num(3))
		case "disable":
			return f.Disable(num(2))
		case "enable":
			return f.Enable(num(2))
		case "align":
			return f.Align(num(2))
		}
		return fmt.Errorf("unknown edit %s", words[1])
	})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return next
}

func TestEditsOfLineEnds(t *testing.T) {
	for _, c := range []struct{ name, in, edit, want string }{
		{"a new row ends like its neighbour", "a 1 -\r\nb 2 -\r\n", "services insert 2 c 3 -", "a 1 -\r\nc 3 -\r\nb 2 -\r\n"},
		{"a row after one without a line end", "a 1 -", "services insert 2 b 2 -", "a 1 -\nb 2 -\n"},
		{"a row in an empty file", "", "services insert 1 b 2 -", "b               2                -\n"},
		{"a row before the byte-order mark stays behind it", "\ufeffa 1 -\n", "services insert 1 b 2 -", "\ufeffb 2 -\na 1 -\n"},
		{"the last row without a line end moves up", "a 1 -\nb 2 -", "services move 2 1", "b 2 -\na 1 -\n"},
		{"a row moves behind the last one without a line end", "a 1 -\nb 2 -", "services move 1 2", "b 2 -\na 1 -\n"},
		{"the last row without a line end goes", "a 1 -\nb 2 -", "services delete 2", "a 1 -\n"},
		{"a lone carriage return does not swallow a blank line", "a 1 -\rb 2 -\r\n\n", "services delete 2", "a 1 -\r\n\n"},
		{"nor does the one that a last line gets", "\na 1 -\rb 2 -", "services move 1 3", "a 1 -\rb 2 -\r\n\n"},
		{"tabs stay tabs", "a\t1\t-\n", "services set 1 0 longer-name", "longer-name\t1\t-\n"},
		{"tabs make up for a shorter cell", "longer-name\t1\t-\n", "services set 1 0 a", "a\t\t1\t-\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := NewSet(Parse(Services, []byte(c.in)))
			if got := string(runEdit(t, set, c.edit).File(Services).Bytes()); got != c.want {
				t.Errorf("%s gave\n%q, want\n%q", c.edit, got, c.want)
			}
			if got := string(set.File(Services).Bytes()); got != c.in {
				t.Errorf("the set before the edit changed to %q", got)
			}
		})
	}
}

func TestEditIsRefused(t *testing.T) {
	const table = "# comment\nlan 10.0.0.0/8 -\n\n#~ #x 1 -\nshort 1\n"
	for _, c := range []struct {
		name string
		edit func(*File) error
		want error
	}{
		{"no such line", func(f *File) error { return f.SetCell(9, 0, "x") }, ErrNoLine},
		{"line 0", func(f *File) error { return f.DeleteRow(0) }, ErrNoLine},
		{"move behind the end", func(f *File) error { return f.MoveRow(2, 9) }, ErrNoLine},
		{"insert behind the end", func(f *File) error { return f.InsertRow(7, []string{"a", "-", "-"}) }, ErrNoLine},
		{"a comment", func(f *File) error { return f.SetCell(1, 0, "x") }, ErrNotRow},
		{"a blank line", func(f *File) error { return f.Disable(3) }, ErrNotRow},
		{"no such cell", func(f *File) error { return f.SetCell(2, 3, "x") }, ErrNoCell},
		{"a cell beyond the next one", func(f *File) error { return f.SetCell(5, 3, "x") }, ErrNoCell},
		{"too few cells", func(f *File) error { return f.InsertRow(1, []string{"a", "b"}) }, ErrCellCount},
		{"too many cells", func(f *File) error { return f.SetRow(2, []string{"a", "b", "c", "d"}) }, ErrCellCount},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := Parse(Addresses, []byte(table))
			if err := c.edit(f); !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if got := string(f.Bytes()); got != table {
				t.Errorf("the refused edit changed the file to\n%s", got)
			}
		})
	}
}

func TestCellTextIsRefused(t *testing.T) {
	for _, c := range []struct {
		text, want string
		cell       int
	}{
		{"", "cell text '' is empty; write - for no value", 1},
		{"a b", "cell text 'a b' contains white space; a cell is one word", 1},
		{"a\u00a0b", `cell text 'a\u00a0b' contains white space; a cell is one word`, 1},
		{"a\nb", `cell text 'a\nb' contains white space; a cell is one word`, 1},
		{"a\x1cb", `cell text 'a\x1cb' contains white space; a cell is one word`, 1},
		{"a\xffb", `cell text 'a\xffb' is not valid UTF-8`, 1},
		{"a\x1b[31m", `cell text 'a\x1b[31m' contains a control character`, 1},
		{"\ufeffa", `cell text '\ufeffa' contains a control character`, 0},
		{"#a", "cell text '#a' would make the row a comment", 0},
	} {
		f := Parse(Addresses, []byte("lan 10.0.0.0/8 -\n"))
		err := f.SetCell(1, c.cell, c.text)
		var refused *CellTextError
		if !errors.As(err, &refused) || err.Error() != c.want {
			t.Errorf("%q: error is %v, want %s", c.text, err, c.want)
		}
	}
	f := Parse(Addresses, []byte("#~ #lan 10.0.0.0/8 -\n"))
	if err := f.Enable(1); err == nil || !strings.Contains(err.Error(), "comment") {
		t.Errorf("a row that would be a comment was enabled: %v", err)
	}
}

func TestRenameIsRefused(t *testing.T) {
	set := NewSet(Parse(Addresses, []byte("lan 10.0.0.0/8 -\nnas 10.0.0.1 -\n")))
	for _, c := range []struct {
		from, to string
		want     error
	}{
		{"lan", "nas", ErrNameTaken},
		{"lam", "nas2", ErrNoObject},
		{"lan", "ALL", ErrReserved},
		{"lan", "GEO:DE", ErrReserved},
		{"ALL", "lan2", ErrReserved},
	} {
		if _, _, err := set.Rename(AddressObject, c.from, c.to); !errors.Is(err, c.want) {
			t.Errorf("rename %s %s: error is %v, want %v", c.from, c.to, err, c.want)
		}
	}
	var text *CellTextError
	if _, _, err := set.Rename(AddressObject, "lan", "l an"); !errors.As(err, &text) {
		t.Errorf("rename to two words: error is %v", err)
	}
}

func TestWhereUsedLeavesKeywordsAlone(t *testing.T) {
	set := NewSet(
		Parse(Interfaces, []byte("eth0 ext -\ndocker0 DOCKER -\n")),
		Parse(Addresses, []byte("DOCKER 10.0.0.1 -\nweb 10.0.0.2 -\n")),
		Parse(Rules, []byte("ext DOCKER web DOCKER ALL accept\n#~ ext FW web ALL ALL drop\n")),
		Parse(Virtuals, []byte("ext web DOCKER http http\n")),
	)
	got := fmt.Sprint(set.WhereUsed(AddressObject, "DOCKER"), set.WhereUsed(AddressObject, "web"), set.WhereUsed(ZoneObject, "FW"))
	want := "[{addresses 1 0 true false} {rules 1 3 false false}] " +
		"[{addresses 2 0 true false} {rules 1 2 false false} {rules 2 2 false true} {virtuals 1 1 false false}] []"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzEditTouchesOneLine makes one edit and holds it to the promise: the lines
// that it does not name keep their bytes, and what is printed reads back as
// what the edit made.
func FuzzEditTouchesOneLine(f *testing.F) {
	for i, s := range hardBytes {
		f.Add([]byte(s), uint8(i), uint16(i/2+1), uint16(i%4), "text")
	}
	for op := range uint8(8) {
		f.Add([]byte("# h  x  y\na 1 -\nlonger-name\t\t22  -\r\n\nb 2 -\n#~ c 3 -"), op, uint16(3), uint16(1), "e\u0301端")
	}
	f.Fuzz(func(t *testing.T, data []byte, op uint8, line, arg uint16, text string) {
		file := Parse(Services, data)
		num, n := int(line), int(arg)
		before := file.Clone()
		var err error
		touched := func(at int) bool { return at == num-1 } // indexes of the result
		from := func(at int) int { return at }              // where they were before
		switch op % 8 {
		case 0:
			err = file.SetCell(num, n, text)
		case 1:
			err = file.InsertRow(num, []string{text, "x", "-"})
			from = func(at int) int { return at - 1 }
		case 2:
			err = file.DeleteRow(num)
			touched = func(int) bool { return false }
			from = func(at int) int { return at + 1 }
		case 3:
			err = file.MoveRow(num, n)
			touched = func(int) bool { return false }
		case 4:
			err = file.Disable(num)
		case 5:
			err = file.Enable(num)
		case 6:
			err = file.SetRow(num, []string{"x", text, "-"})
		case 7:
			err = file.Align(num)
			lo, hi := 0, 0
			if err == nil {
				lo, hi = before.group(num - 1)
			}
			touched = func(at int) bool { return at >= lo && at < hi }
		}
		if err != nil {
			if !bytes.Equal(file.Bytes(), data) {
				t.Fatalf("refused (%v), but changed to %q", err, file.Bytes())
			}
			return
		}
		if !bytes.Equal(before.Bytes(), data) {
			t.Fatalf("the copy before the edit changed to %q", before.Bytes())
		}
		for at, l := range file.Lines {
			was := at
			if at >= num-1 {
				was = from(at)
			}
			if op%8 == 3 {
				was = movedFrom(at, num-1, n-1)
			}
			if !touched(at) && l.String() != before.Lines[was].String() {
				t.Fatalf("line %d changed from %q to %q", at+1, before.Lines[was], l)
			}
		}
		if again := Parse(Services, file.Bytes()); dump(again) != dump(file) && !strings.HasPrefix(file.Lines[0].String(), bom) {
			t.Fatalf("reads back as\n%swant\n%s", dump(again), dump(file))
		}
	})
}

// movedFrom is where the line at an index was before a move.
func movedFrom(at, from, to int) int {
	switch {
	case at == to:
		return from
	case from < to && at >= from && at < to:
		return at + 1
	case to < from && at > to && at <= from:
		return at - 1
	}
	return at
}

func TestDisableAndEnableGiveTheSameBytes(t *testing.T) {
	for _, in := range hardBytes {
		f := Parse(Rules, []byte(in))
		for i, l := range f.Lines {
			if !l.IsRow() || l.Cells[0].Text[0] == '#' {
				continue
			}
			if err := f.Disable(i + 1); err != nil {
				t.Fatal(err)
			}
			if got := Parse(Rules, f.Bytes()).Line(i + 1); !got.Disabled {
				t.Errorf("%q: line %d is not read back as switched off", in, i+1)
			}
			if err := f.Enable(i + 1); err != nil {
				t.Fatal(err)
			}
		}
		if got := string(f.Bytes()); got != in {
			t.Errorf("got %q, want %q", got, in)
		}
	}
}

func TestUnreadTableRefusesEdits(t *testing.T) {
	set, problems := Load(os.DirFS(t.TempDir()))
	if len(problems) != 5 {
		t.Errorf("problems of an empty directory: %v", problems)
	}
	_, err := set.Edit(Rules, func(f *File) error { return f.InsertRow(1, []string{"a", "b", "c", "d", "e", "f"}) })
	if !errors.Is(err, ErrUnread) {
		t.Errorf("error is %v, want %v", err, ErrUnread)
	}
	if _, err := set.Edit(Options, func(f *File) error { return f.InsertRow(1, []string{"*", "ndp", "accept"}) }); err != nil {
		t.Errorf("an absent options table takes no row: %v", err)
	}
}
