package plain

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// talk is a conversation under test, in a synctest bubble: its seconds pass at
// once.
type talk struct {
	testing.TB
	site *tuitest.Site
	in   *io.PipeWriter
	done chan error
	mu   sync.Mutex
	out  bytes.Buffer
	said string          // since the last input
	all  strings.Builder // with what was typed
	ours strings.Builder // without
}

func (c *talk) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.Write(b)
}

// hear collects what was said since the last time.
func (c *talk) hear() {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = c.out.String()
	c.all.WriteString(c.said)
	c.ours.WriteString(c.said)
	c.out.Reset()
}

// talking runs a test with a conversation.
func talking(t *testing.T, prepare func(*tuitest.Site, *Options), test func(*talk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		c := &talk{TB: t, site: tuitest.New(time.Now), in: w, done: make(chan error, 1)}
		o := Options{In: r, Out: c, Now: time.Now}
		if prepare != nil {
			prepare(c.site, &o)
		}
		go func() { c.done <- Run(t.Context(), c.site, o) }()
		c.hear()
		test(c)
		w.Close()
		synctest.Wait()
	})
}

// types types lines; what is said after the last one can be asked for.
func (c *talk) types(lines ...string) *talk {
	c.Helper()
	for _, line := range lines {
		c.all.WriteString("> " + line + "\n")
		if _, err := io.WriteString(c.in, line+"\n"); err != nil {
			c.Fatalf("type %q: %v", line, err)
		}
		c.hear()
	}
	return c
}

// waits lets time go by.
func (c *talk) waits(d time.Duration) *talk {
	time.Sleep(d)
	c.all.WriteString("> (" + d.String() + " later)\n")
	c.hear()
	return c
}

func (c *talk) hears(texts ...string) *talk {
	c.Helper()
	for _, text := range texts {
		if !strings.Contains(c.said, text) {
			c.Errorf("%q is not said in\n%s", text, c.said)
		}
	}
	return c
}

// ends closes the input and gives the result of Run.
func (c *talk) ends() error {
	c.in.Close()
	synctest.Wait()
	c.hear()
	return <-c.done
}

func TestMainJobFromEditToCounterAsATranscript(t *testing.T) {
	talking(t, nil, func(c *talk) {
		c.types("menu", "overview", "tables", "list rules zone:>FW !drop", "show rules 9")
		c.types("edit rules 9 source-address monitorng", "yes")
		c.types("edit rules 9 3", "lan_nas")
		c.types("insert rules 10 ext FW lan_home ALL ssh accept", "move rules 10 9", "undo", "undo", "redo", "disable rules 10", "enable rules 10", "delete rules 10")
		c.types("problems", "review", "apply", "yes")
		c.types("time", "proof")
		c.site.LogIn(true)
		c.types("proof").waits(21 * time.Second)
		c.types("k", "k7qz", "overview", "k7qx")
		c.types("counters dst:lan_nas").waits(time.Second).types("counters lan_nas", "flows port:22 src:203.0.113.6", "flows prot:tcp", "review", "history", "quit")
		path := filepath.Join("testdata", "main.golden")
		got := c.all.String()
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs; go test -update writes it anew. got\n%s", path, got)
		}
		want2 := "save rules, apply override=false, confirm K7QX"
		if calls := strings.Join(c.site.Calls(), ", "); calls != want2 {
			t.Errorf("calls %s, want %s", calls, want2)
		}
	})
}

func TestEmptyAnswersChangeNothing(t *testing.T) {
	for _, asking := range []string{"edit rules 9", "edit rules 9 3", "edit rules 9 3 nobody", "insert rules 9"} {
		talking(t, nil, func(c *talk) {
			c.types(asking, "", "tables")
			if strings.Contains(c.said, "Not saved") || strings.Contains(c.said, "Here may stand") {
				t.Errorf("%s and an empty line changed something, or ask on:\n%s", asking, c.said)
			}
		})
	}
}

func TestEndOfInputInTheMiddleOfAQuestionAnswersNothing(t *testing.T) {
	for _, lines := range [][]string{
		{"disable rules 9", "apply"}, {"edit rules 9"}, {"edit rules 9 3"}, {"edit rules 9 3 nobody"}, {"insert rules 9 ext"}, {"insert rules 9 ext FW nobody ALL ssh accept"}, {"disable rules 9", "reload"}, {"disable rules 9", "quit"},
	} {
		t.Run(strings.Join(lines, ", "), func(t *testing.T) {
			talking(t, nil, func(c *talk) {
				c.types(lines...)
				if err := c.ends(); err != nil {
					t.Errorf("the end of the input is an error: %v", err)
				}
				if calls := c.site.Calls(); len(calls) > 0 {
					t.Errorf("something was done: %q", calls)
				}
			})
		})
	}
}

func TestOutputThatNobodyReadsEndsTheConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		defer w.Close()
		broken := brokenWriter{}
		if err := Run(t.Context(), tuitest.New(time.Now), Options{In: r, Out: broken}); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Run gave %v, want that the output is gone", err)
		}
	})
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestFilterOfTheConsoleOnProblemsAndHistory(t *testing.T) {
	tests := []struct {
		line string
		says []string
		not  string
	}{
		{"problems table:virtuals", []string{"3 of 4 problems.", "virtuals row 3"}, "rules row 10: rejects"},
		{"problems state:warning !virtuals", []string{"1 of 4 problems.", "rules row 10"}, "virtuals row"},
		{"problems state:error", []string{"Check: 0 errors, 4 warnings.", "0 of 4 problems."}, "Warning"},
		{"problems zone:ext", []string{"The filter cannot be read: zone:ext: this list has no zone (table state rule)"}, "Check:"},
		{"history who:bob", []string{"History, the latest first: 3 of 6 events."}, "carol"},
		{"history state:kept !bob", []string{"2 of 6 events.", "alice", "carol"}, "boot"},
		{"history state:confirmed", []string{"alice", "carol"}, "rolled back"},
		{`history state:"rolled back"`, []string{"1 of 6 events.", "rolled back after 30 seconds"}, "alice"},
		{"history !state:boot confirmed", []string{"3 of 6 events."}, "loaded"},
		{"history port:22", []string{"The filter cannot be read: port:22: this list has no port (who state)"}, "History"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			talking(t, nil, func(c *talk) {
				c.types(tt.line).hears(tt.says...)
				if strings.Contains(c.said, tt.not) {
					t.Errorf("%q is said in\n%s", tt.not, c.said)
				}
			})
		})
	}
}

func TestFailuresAreSaidAndTheConversationGoesOn(t *testing.T) {
	tests := []struct {
		call  string
		lines []string
		says  string
	}{
		{"Load", []string{"problems"}, "permission denied"},
		{"Preview", []string{"review"}, "The comparison failed: permission denied"},
		{"Apply", []string{"disable rules 9", "apply", "yes"}, "Not applied, nothing was changed: permission denied"},
		{"FlowImpact", []string{"edit rules 9 3 lan_nas", "review"}, "What happens to the flows is not known: permission denied"},
		{"EndFlows", []string{"edit rules 9 3 lan_nas", "apply", "yes end", "k7qx"}, "Kept, but the grandfathered flows did not end: permission denied"},
		{"Save", []string{"disable rules 9", "save"}, "Not saved: permission denied"},
		{"Status", []string{"overview"}, "The firewall cannot be read: permission denied"},
		{"Traffic", []string{"overview"}, "The interfaces cannot be read: permission denied"},
		{"LiveFlows", []string{"flows"}, "permission denied"},
		{"Counters", []string{"counters"}, "permission denied"},
		{"History", []string{"history"}, "permission denied"},
	}
	for _, tt := range tests {
		for name, fault := range map[string]func(*tuitest.Site){
			"fails":  func(s *tuitest.Site) { s.Fail = map[string]error{tt.call: errors.New("permission denied")} },
			"panics": func(s *tuitest.Site) { s.Panic = map[string]bool{tt.call: true} },
		} {
			t.Run(tt.call+" "+name, func(t *testing.T) {
				talking(t, func(s *tuitest.Site, _ *Options) { fault(s) }, func(c *talk) {
					says := tt.says
					if name == "panics" {
						says = "internal error"
					}
					c.types(tt.lines...).hears(says)
					c.types("menu").hears("0 quit")
				})
			})
		}
	}
}

func TestNewRowIsCheckedCellByCellBeforeItIsInserted(t *testing.T) {
	const at10 = "Rules row 10: ext FW lan_home ALL ssh accept\n"
	tests := []struct {
		name  string
		lines []string
		says  []string // after the last line
	}{
		{"one cell after the other", []string{"insert rules 10", "ext", "FW", "lan_home", "ALL", "ssh", "accept"}, []string{at10}},
		{"the next cell is named", []string{"insert rules 10", "ext", "FW"}, []string{"Cell 3, source address: address object, ALL, or GEO:DE,AT for countries."}},
		{"a whole row at once", []string{"insert rules 10 ext FW lan_home ALL ssh accept"}, []string{at10}},
		{"a whole row at the first question", []string{"insert rules 10", "ext FW lan_home ALL ssh accept"}, []string{at10}},
		{"the rest of a row at a later one", []string{"insert rules 10 ext", "FW", "lan_home ALL ssh accept"}, []string{at10}},
		{"a wrong cell among cells", []string{"insert rules 10", "ext FW lan_hme ALL ssh accept"},
			[]string{"Error, rules row 10, cell 3: source address 'lan_hme' does not exist; did you mean 'lan_home'?", "Type yes to take lan_home, another text, keep to keep lan_hme"}},
		{"its suggestion", []string{"insert rules 10", "ext FW lan_hme ALL ssh accept", "yes"}, []string{at10}},
		{"two wrong cells", []string{"insert rules 10 ext FW lan_hme ALL sssh accept", "yes"}, []string{"cell 5: service 'sssh' does not exist"}},
		{"another text that is wrong too", []string{"insert rules 10 ext FW lan_hme ALL ssh accept", "nobody"}, []string{"'nobody' does not exist"}},
		{"a text that is no cell", []string{"insert rules 10 ext FW lan_hme ALL ssh accept", "lan home"}, []string{"contains white space; a cell is one word", "Type another text, ?"}},
		{"keep", []string{"insert rules 10 ext FW nobody ALL ssh accept", "keep"}, []string{"Rules row 10: ext FW nobody ALL ssh accept, with a problem", "Check: 1 error"}},
		{"a new service from its cell", []string{"insert rules 10 ext FW lan_home ALL rsync accept", "new", "873", "-"},
			[]string{"Services row ", ": rsync 873 -\n", "Rules row 10: ext FW lan_home ALL rsync accept\n"}},
		{"a new address from its cell", []string{"edit rules 9 source-address printer", "new", "192.168.0.9", "-"},
			[]string{": printer 192.168.0.9 -\n", "Rules row 9: ext FW printer ALL munin accept\n"}},
		{"a new service that is not made", []string{"insert rules 10 ext FW lan_home ALL rsync accept", "new", ""},
			[]string{"Nothing was inserted.", "keep to keep rsync, new to make rsync in services"}},
		{"no new zone", []string{"insert rules 10 extt"}, []string{"keep to keep extt, ? for"}},
		{"nothing", []string{"insert rules 10 ext FW nobody ALL ssh accept", ""}, []string{"Nothing was inserted."}},
		{"nothing at a cell", []string{"insert rules 10 ext", ""}, []string{"Nothing was inserted."}},
		{"too many cells", []string{"insert rules 10 ext FW lan_home ALL ssh accept ssh"}, []string{"That makes 7 cells, and a row of rules has 6.", "Nothing was inserted."}},
		{"too many cells at a question", []string{"insert rules 10 ext FW", "lan_home ALL ssh accept ssh"}, []string{"That makes 7 cells", "Cell 3, source address"}},
		{"a cell that a later one makes wrong", []string{"insert virtuals 4 ext lan_router_ext DOCKER", "ALL", "ALL"}, []string{"Error, virtuals row 4, cell 4, external service: cannot expose ALL ports"}},
		{"what there is", []string{"insert rules 10", "?"}, []string{"ext, ", "int, ", "DOCKER, "}},
		{"what begins so", []string{"insert rules 10 ext FW", "mon?"}, []string{"monitoring, "}},
		{"what begins so in a wrong cell", []string{"insert rules 10 ext FW lan_hme ALL ssh accept", "lan?"}, []string{"lan_home, ", "lan_nas, "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			talking(t, nil, func(c *talk) { c.types(tt.lines...).hears(tt.says...) })
		})
	}
}

func TestSaveNeverOverwritesSomebodyElse(t *testing.T) {
	talking(t, nil, func(c *talk) {
		c.site.Fail = map[string]error{"Save": &engine.ErrChanged{Files: []string{"rules"}}}
		c.types("disable rules 9", "save").hears("somebody else changed rules on disk. Nothing was overwritten")
		c.types("reload", "yes").hears("Rows:")
	})
}

func TestAPersonGetsAPromptAndAPageAtATime(t *testing.T) {
	talking(t, func(_ *tuitest.Site, o *Options) { o.Interactive = true }, func(c *talk) {
		c.hears("\ncommand: ")
		c.types("help").hears("lines follow: type more.")
		c.types("more").hears("help [WORD]")
		c.types("more").hears("There is no more.")
	})
}

func TestFlowOfAProtocolWithoutNameIsSaidByItsNumber(t *testing.T) {
	f := engine.Flow{Proto: 2, State: "UNREPLIED"}
	f.Orig.Src, f.Orig.Dst = netip.MustParseAddr("172.17.0.1"), netip.MustParseAddr("224.0.0.22")
	if got, want := flowWords(&f), "protocol 2 from 172.17.0.1 to 224.0.0.22, unreplied"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestExplainIsGivenItsWords(t *testing.T) {
	explain := func(_ context.Context, words []string, out io.Writer) error {
		io.WriteString(out, strings.Join(words, "|")+"\n yes  filter  INPUT\nreject\x1b[31m\n")
		return errors.New("no route")
	}
	talking(t, func(_ *tuitest.Site, o *Options) { o.Explain = explain }, func(c *talk) {
		c.types("explain 10.0.0.1 10.0.0.2 tcp/22").hears("10.0.0.1|10.0.0.2|tcp/22\n", "\nyes, filter, INPUT\n", `reject\x1b[31m`, "Not explained: no route.")
	})
	talking(t, nil, func(c *talk) { c.types("explain a b c").hears("not possible") })
}

// Whatever stands in tables, kernel or input, only plain text comes out.
func TestNoEscapeEverComesOut(t *testing.T) {
	const hostile = "\x1b]0;pwned\x07\x1b[2J\u202e\x9b31m\r\x00"
	poison := func(s *tuitest.Site, o *Options) {
		s.Taint = hostile
		for _, f := range s.Files {
			f.Data = append(f.Data, "# "+hostile+"\nevil"+hostile+" b c d e accept"+hostile+"\n"...)
		}
		o.Interactive = true
		o.Explain = func(_ context.Context, words []string, out io.Writer) error {
			_, err := io.WriteString(out, hostile)
			return errors.Join(err, errors.New(hostile))
		}
	}
	lines := []string{hostile, "menu", "overview", "tables", "problems", "more", "more", "review", "apply", "yes", "flows", "flows " + hostile, "counters", "history",
		"list rules", "more", "list " + hostile, "show rules 22", "edit rules 9 3 evil" + hostile, "keep", "edit rules 9 " + hostile, "explain " + hostile + " x y", "help " + hostile, "undo", "save"}
	talking(t, poison, func(c *talk) {
		c.types(lines...)
		c.site.StartTrial(time.Minute)
		c.waits(10*time.Second).types("proof", hostile, "reject")
		heard := c.ours.String()
		for line := range strings.Lines(heard) {
			for _, r := range strings.TrimSuffix(line, "\n") {
				if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
					t.Errorf("%q came out in %q", r, line)
				}
			}
		}
		if !strings.Contains(heard, `\x1b`) {
			t.Error("nothing hostile was shown; the test proves nothing")
		}
	})
}

func TestEveryCommandHasItsHelpAndNoWordTwice(t *testing.T) {
	words := make(map[string]bool)
	for _, c := range commands() {
		for _, w := range append([]string{c.number}, c.words...) {
			if w == "" {
				continue
			}
			if words[w] {
				t.Errorf("%s means two commands", w)
			}
			words[w] = true
			if found := lookUp(w); found == nil || found.words[0] != c.words[0] {
				t.Errorf("%s does not find %s", w, c.words[0])
			}
		}
		if c.does == "" {
			t.Errorf("%s has no help", c.words[0])
		}
	}
	for beginning, want := range map[string]string{"ov": "overview", "app": "", "rej": "", "q": "", "con": "", "hist": "history"} {
		got := ""
		if c := lookUp(beginning); c != nil {
			got = c.words[0]
		}
		if got != want {
			t.Errorf("%s finds %q, want %q", beginning, got, want)
		}
	}
}
