package compile

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/ruleset"

	"golang.org/x/sys/unix"
)

// TestKernelTakesEveryCase loads every case in a network namespace of its own,
// on both back ends, and proves that what is saved afterwards is, rule by rule
// and member by member, what was compiled.
func TestKernelTakesEveryCase(t *testing.T) {
	for _, backend := range []string{"nft", "legacy"} {
		needTools(t, "ipset", "iptables-"+backend+"-restore", "ip6tables-"+backend+"-save")
		for _, a := range archives(t) {
			t.Run(backend+"/"+a.name(), func(t *testing.T) {
				res, problems := a.compile(t)
				if problems.HasErrors() {
					return // not valid, so it is never loaded
				}
				inNamespace(t, func() { loadAndCompare(t, backend, res.Rules) })
			})
		}
	}
}

// needTools skips the test without root and the tools, and fails it where they
// must be there.
func needTools(t *testing.T, tools ...string) {
	t.Helper()
	give := t.Skip
	if os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
		give = t.Fatal
	}
	if os.Geteuid() != 0 {
		give("needs root for a network namespace")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			give(err)
		}
	}
}

// inNamespace runs do on a thread in a new network namespace; both end with
// it.
func inNamespace(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked, so that the thread is not used again
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Errorf("make a network namespace: %v", err)
			return
		}
		do()
	}()
	<-done
}

func loadAndCompare(t *testing.T, backend string, want *ruleset.Ruleset) {
	t.Helper()
	text, err := want.Sets.RestoreText()
	if err != nil {
		t.Error(err)
	}
	run(t, text, "ipset", "restore")
	for _, f := range ruleset.Families() {
		tool := "iptables-" + backend
		if f == ruleset.V6 {
			tool = "ip6tables-" + backend
		}
		text, err := want.RestoreText(f)
		if err != nil {
			t.Error(err)
		}
		run(t, text, tool+"-restore", "--noflush")
		got, err := ruleset.ParseTables(f, run(t, "", tool+"-save"))
		if err != nil {
			t.Error(err)
		}
		compareTables(t, f, *want.Tables(f), got)
	}
	sets, err := ruleset.ParseSets(run(t, "", "ipset", "save"))
	if err != nil {
		t.Error(err)
	}
	for name, set := range want.Sets {
		if got := sets[name]; got == nil || !got.Equal(set) {
			t.Errorf("set %s: want %+v, got %+v", name, set, got)
		}
	}
}

// compareTables proves that the kernel holds the compiled chains.
func compareTables(t *testing.T, f ruleset.Family, want, got ruleset.Tables) {
	t.Helper()
	for _, table := range want {
		for _, c := range table.Chains {
			saved := got.Chain(table.Name, c.Name)
			if saved == nil {
				t.Errorf("%s %s %s is not in the kernel", f, table.Name, c.Name)
				continue
			}
			if w, g := specs(f, c), specs(f, saved); w != g {
				t.Errorf("%s %s %s:\nwant\n%s\ngot\n%s", f, table.Name, c.Name, w, g)
			}
		}
	}
}

func specs(f ruleset.Family, c *ruleset.Chain) string {
	var b strings.Builder
	for _, r := range c.Rules {
		b.WriteString(r.Text(f) + "\n")
	}
	return b.String()
}

// run runs a tool; its words on standard error are a failure too, because a
// rule that makes a tool warn is not what was meant.
func run(t *testing.T, input, tool string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(tool, args...)
	cmd.Stdin = strings.NewReader(input)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil || words.Len() > 0 {
		t.Errorf("%s %s: %v: %s\n%s", tool, strings.Join(args, " "), err, words.String(), input)
	}
	return out.Bytes()
}
