package tui

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	uv "github.com/charmbracelet/ultraviolet"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

func TestEditorCommand(t *testing.T) {
	const path = "/etc/microfw/rules"
	for _, test := range []struct {
		name  string
		env   []string
		have  []string // programs that are installed
		line  int
		want  string // the command line, or the error
		fails bool
	}{
		{"VISUAL goes first", []string{"EDITOR=nano", "VISUAL=vim"}, []string{"nano", "vim"}, 12, "/bin/vim +12 " + path, false},
		{"EDITOR", []string{"EDITOR=nano", "VISUAL="}, []string{"nano"}, 12, "/bin/nano +12 " + path, false},
		{"arguments", []string{"EDITOR=emacs -nw"}, []string{"emacs"}, 3, "/bin/emacs -nw +3 " + path, false},
		{"a path", []string{"EDITOR=/bin/nano"}, []string{"/bin/nano"}, 3, "/bin/nano +3 " + path, false},
		{"FILE:LINE", []string{"EDITOR=hx"}, []string{"hx"}, 3, "/bin/hx " + path + ":3", false},
		{"an unknown one gets no line", []string{"EDITOR=wonder"}, []string{"wonder"}, 3, "/bin/wonder " + path, false},
		{"the first line needs none", []string{"EDITOR=vi"}, []string{"vi"}, 1, "/bin/vi " + path, false},
		{"of two values the later counts", []string{"EDITOR=vi", "EDITOR=nano"}, []string{"vi", "nano"}, 1, "/bin/nano " + path, false},
		{"fallback", nil, []string{"nano", "vi"}, 2, "/bin/nano +2 " + path, false},
		{"last fallback", nil, []string{"vi"}, 2, "/bin/vi +2 " + path, false},
		{"none", nil, nil, 2, errNoEditor.Error(), true},
		{"not found", []string{"EDITOR=wonder"}, []string{"vi"}, 2, "EDITOR: executable file not found in $PATH", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			look := func(name string) (string, error) {
				if !slices.Contains(test.have, name) {
					return "", exec.ErrNotFound
				}
				return filepath.Join("/bin", filepath.Base(name)), nil
			}
			words, err := editorCommand(test.env, look, path, test.line)
			got := strings.Join(words, " ")
			if err != nil {
				got = err.Error()
			}
			if got != test.want || (err != nil) != test.fails {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// opened is the place at which the console is about to open an editor.
func opened(c *console) string {
	if c.editing == nil {
		return ""
	}
	return c.editing.Kind.String()
}

func TestEditorWaitsForTheTerminalAndSwallowsKeys(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.Update(keyPress("2"))
		c.link.ask("")
		c.Update(keyPress("E"))
		if opened(c) != "rules" {
			t.Fatalf("not about to open an editor:\n%s", c.plain())
		}
		c.shows("opening your editor")
		c.Update(keyPress("d"))
		c.shows("STAGED 0")
		_, held := c.Update(uv.PrimaryDeviceAttributesEvent{62})
		if held == nil {
			t.Fatal("the terminal's answer opens nothing")
		}
		if _, cmd := c.Update(held()); cmd == nil || opened(c) != "" {
			t.Error("the terminal's answer does not open the editor")
		}
		if _, cmd := c.Update(editMsg{}); cmd != nil {
			t.Error("the editor is opened twice")
		}
	})
}

func TestEditorIsNotOpenedDuringATrial(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.site.StartTrial(time.Minute)
		c.seconds(2)
		c.press("tab", "2", "E")
		c.shows("a trial runs; answer it first")
	})
}

func TestAFailedEditorIsNamedAndTheTablesAreReadAgain(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.press("2", "j", "j")
		somebodyEdits(c.site)
		c.send(page.Edited{At: desk.Place{Kind: tables.Rules, Line: 21}, Err: errors.New("vim: exit status 1")})
		c.shows("the editor failed: vim: exit status 1; the tables from disk", "[rules 14]", "lan_nas")
	})
	inConsole(t, 80, 24, nil, func(c *console) {
		c.env = []string{"EDITOR=/nonexistent/editor"}
		c.press("2", "E")
		c.shows("the editor failed: EDITOR: ")
	})
}

func TestUnsavedEditsAreSavedOrMerged(t *testing.T) {
	inConsole(t, 80, 24, nil, func(c *console) {
		c.env = []string{"EDITOR=/nonexistent/editor"}
		c.press("2", "x", "E")
		c.shows("and 1 changed line is here not", "save, then open it")
		c.press("s")
		c.shows("the editor failed", "STAGED 0")
		if got := c.site.Calls(); !slices.Equal(got, []string{"save rules"}) {
			t.Errorf("calls %q", got)
		}
	})
	inConsole(t, 80, 24, nil, func(c *console) {
		c.env = []string{"EDITOR=/nonexistent/editor"}
		c.press("2", "x", "E")
		somebodyEdits(c.site) // what the editor writes
		c.press("m")
		c.shows("mine    line 4", "theirs  line 9", "no open conflict")
		c.press("M")
		c.shows("merged")
	})
}

// dirSite is the sample site with its tables in a real directory.
type dirSite struct {
	*tuitest.Site
	dir string
}

func (s dirSite) Dir() string { return s.dir }

func (s dirSite) Load() (*tables.Set, tables.Problems) { return tables.Load(os.DirFS(s.dir)) }

func (s dirSite) ReadDisk() (*tables.Set, tables.Problems) { return tables.Load(os.DirFS(s.dir)) }

func (s dirSite) ChangedOnDisk() []string { return nil }

func (s dirSite) Rebase(*tables.Set) {}

// childDir gives the console of a test process a real directory of tables.
const childDir = "MFWTUI_TEST_DIR"

// fakeEditor notes its arguments, its environment, which of its files are a
// terminal, and everything that comes from there in the 1.5 s that it is open;
// then it adds a row.
const fakeEditor = `#!/bin/sh
printf '%s\n' "$*" >"$NOTES/args"
printf '%s\n' "$PERSON" >"$NOTES/env"
for fd in 0 1 2; do [ -t $fd ] && printf '%s\n' $fd >>"$NOTES/terminal"; done
stty -icanon -echo min 0 time 15
cat >"$NOTES/typed"
stty icanon echo
for file; do :; done
printf 'int FW ALL ALL smtp drop\n' >>"$file"
`

// D.8: an editor that is opened within one round trip of a slow link gets
// nothing of what the terminal answers.
func TestEditorOnASlowLinkGetsNoAnswersOfTheTerminal(t *testing.T) {
	typed := ""
	for range scenes {
		if typed = typedIntoEditor(t); typed == "" {
			return
		}
	}
	t.Errorf("the editor got %q", typed)
}

// typedIntoEditor opens an editor as soon as the terminal was asked, and gives
// what the editor read. The key may come too late, after the answer.
func typedIntoEditor(t *testing.T) string {
	t.Helper()
	dir, notes := sampleDir(t), t.TempDir()
	script := editorScript(t, notes, fakeEditor)
	c := startChild(t, ordinary, 600*time.Millisecond, childDir+"="+dir, "NOTES="+notes, "PERSON=alice", "EDITOR="+script+" -n", "PATH="+os.Getenv("PATH"))
	c.waits("Overview")
	c.types("2")
	c.waits("SRC-ZONE")
	c.types("j")
	c.isAsked(strings.Count(c.Output(), question) + 1)
	c.types("E")
	c.waits("the tables from disk are here")
	rules := filepath.Join(dir, "rules")
	for name, want := range map[string]string{"args": "-n +7 " + rules + "\n", "env": "alice\n", "terminal": "0\n1\n2\n"} {
		if got := readFile(t, filepath.Join(notes, name)); got != want {
			t.Errorf("%s: the editor got %q, want %q", name, got, want)
		}
	}
	if st, err := os.Stat(rules); err != nil || st.Mode().Perm() != fs.FileMode(0o640) {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	c.types("q")
	if got := c.status(); got != 0 {
		t.Errorf("exit status %d", got)
	}
	if !strings.Contains(c.Output(), "opening your editor") {
		return "the answer came before the key"
	}
	return readFile(t, filepath.Join(notes, "typed"))
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// sampleDir is a directory with the sample tables.
func sampleDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, f := range tuitest.New(time.Now).Files {
		if err := os.WriteFile(filepath.Join(dir, name), f.Data, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// editorScript is an editor that is a shell script.
func editorScript(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "vim")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// A ^C that ends an editor may reach us after its end.
func TestLateInterruptIsStillTheEditors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outside
		for _, step := range []struct {
			name string
			do   func()
			want bool
		}{
			{"before", func() {}, false},
			{"while it is open", func() { time.AfterFunc(time.Minute, o.lend()) }, true},
			{"as it ends", func() { time.Sleep(time.Minute); synctest.Wait() }, true},
			{"a second later", func() { time.Sleep(lateSignal) }, false},
		} {
			step.do()
			if got := o.interrupted(); got != step.want {
				t.Errorf("%s: %t", step.name, got)
			}
		}
	})
}

// ^C reaches every process on the terminal. While an editor is open it is meant
// for the editor.
func TestInterruptedEditorDoesNotEndTheConsole(t *testing.T) {
	script := editorScript(t, t.TempDir(), "#!/bin/sh\necho editor is open; exec sleep 600\n")
	c := startChild(t, ordinary, 0, childDir+"="+sampleDir(t), "EDITOR="+script, "PATH="+os.Getenv("PATH"))
	c.waits("Overview")
	c.types("2")
	c.waits("SRC-ZONE")
	c.types("E")
	c.waits("editor is open")
	c.types("\x03")
	c.waits("the editor failed: vim: signal: interrupt; nothing was changed on disk")
	c.types("q")
	if got := c.status(); got != 0 {
		t.Errorf("exit status %d", got)
	}
}
