package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aymanbagabas/go-udiff"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// login is an administrator who is logged in to the firewall host of a lab: the
// programs that the test starts run there, and nobody else's do. Its methods
// are called on the test's own goroutine, which is inside.
type login struct {
	*testing.T
	*lab.Lab
	backend host.Backend
	dir     string // of tables, state and run
	env     []string
}

// logIn builds a lab and moves the calling goroutine to its firewall for good.
func logIn(t *testing.T, opts lab.Options) *login {
	t.Helper()
	network, err := lab.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { network.Close() })
	l := &login{T: t, Lab: network, backend: opts.Backend, dir: t.TempDir()}
	l.must(enter(network.Firewall))
	l.must(samples(l.path("tables")))
	l.env = []string{
		"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "TERM=xterm-256color", "LANG=C.UTF-8",
		"MFWTUI_DIR=" + l.path("tables"), "MFWTUI_STATE=" + l.path("state"), "MFWTUI_RUN=" + l.path("run"),
		"GOCOVERDIR=" + l.dir, "GORACE=atexit_sleep_ms=0 log_path=" + l.path("race"),
	}
	t.Cleanup(l.nobodyIsLeft)
	return l
}

func (l *login) path(name string) string { return filepath.Join(l.dir, name) }

func (l *login) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// edit replaces a text in a table, which must be there.
func (l *login) edit(table, old, new string) {
	l.Helper()
	data, err := os.ReadFile(filepath.Join(l.path("tables"), table))
	l.must(err)
	if !bytes.Contains(data, []byte(old)) {
		l.Fatalf("table %s has no %q", table, old)
	}
	l.must(os.WriteFile(filepath.Join(l.path("tables"), table), bytes.Replace(data, []byte(old), []byte(new), 1), 0o644))
}

// setCountdown sets the time of a trial in seconds.
func (l *login) setCountdown(seconds int) {
	l.Helper()
	const before = "*              log-denied"
	l.edit("options", before, fmt.Sprintf("*              countdown       %d\n%s", seconds, before))
}

// claim puts rules of somebody else into the kernel, of the back end of this
// lab: a host without any rules is taken for one of the other.
func (l *login) claim() {
	l.Helper()
	for _, base := range []string{"iptables", "ip6tables"} {
		l.tool("", base+"-"+string(l.backend), "-A", "OUTPUT", "-p", "tcp", "--dport", "25", "-j", "DROP")
	}
}

// fromClient is the environment of a login from the first client.
func (l *login) fromClient() string {
	return fmt.Sprintf("SSH_CONNECTION=%s 50000 %s 22", l.Host(lab.Client1).V4, l.Firewall.V4)
}

// command is a program as this administrator starts it.
func (l *login) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = l.env
	return cmd
}

// mfwtui runs a command of the program, without a terminal.
func (l *login) mfwtui(args ...string) (stdout, stderr string, status int) {
	l.Helper()
	var out, complaints strings.Builder
	cmd := l.command("mfwtui", args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.Fatal(err)
	}
	return out.String(), complaints.String(), cmd.ProcessState.ExitCode()
}

// apply brings the tables into force, without a question.
func (l *login) apply() {
	l.Helper()
	if out, complaints, status := l.mfwtui("apply", "--yes"); status != 0 {
		l.Fatalf("apply --yes ended with %d:\n%s%s", status, out, complaints)
	}
	l.idle()
}

// tool runs one of the firewall's own tools.
func (l *login) tool(input, name string, args ...string) string {
	l.Helper()
	cmd := l.command(name, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}

// kernel is what the tools say that the kernel holds, without counts.
type kernel struct{ v4, v6, sets string }

func (l *login) kernel() kernel {
	l.Helper()
	save := func(base string) string {
		return packetCounts.ReplaceAllString(l.tool("", base+"-"+string(l.backend)+"-save"), "")
	}
	return kernel{save("iptables"), save("ip6tables"), l.tool("", "ipset", "save")}
}

// differs lists the lines that one has and the other has not.
func (k kernel) differs(other kernel) string {
	var out strings.Builder
	for _, p := range [][2]string{{k.v4, other.v4}, {k.v6, other.v6}, {k.sets, other.sets}} {
		if p[0] != p[1] {
			out.WriteString(udiff.Unified("before", "now", p[1], p[0]))
		}
	}
	return out.String()
}

// runs fails the test unless a client of the internet side can reach exactly
// these ports of ssh and https, found out with real connections.
func (l *login) runs(when string, want ...string) {
	l.Helper()
	if got := l.letIn(22, 443); !slices.Equal(got, want) {
		l.Errorf("%s a client reaches %q, want %q", when, got, want)
	}
}

// letIn lists the ports that a client of the internet side can reach, with the
// family.
func (l *login) letIn(ports ...uint16) []string {
	l.Helper()
	client, firewall := l.Host(lab.Client1), l.Firewall
	var mu sync.Mutex
	var probes sync.WaitGroup
	var open []string
	for _, f := range ruleset.Families() {
		for _, port := range ports {
			probes.Go(func() {
				p := lab.TCP(firewall.Addr(f), port)
				p.Timeout = patience // a refusal comes at once
				answer, err := client.Probe(p)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					l.Error(err)
				}
				if answer.Outcome == lab.Open {
					open = append(open, fmt.Sprintf("%d %s", port, f))
				}
			})
		}
	}
	probes.Wait()
	slices.Sort(open)
	return open
}

// process is one that runs on the firewall host.
type process struct {
	pid  int
	args []string
}

// runs is false for one that is stopped.
func (p process) runs() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(state, "T")
}

// role tells the two processes of a guardian from each other and from the rest.
func (p process) role() string {
	for _, a := range p.args {
		if role, ok := strings.CutPrefix(a, "--role="); ok {
			return role
		}
	}
	return ""
}

// processes are those that see the mounts of this host, in whatever network
// namespace.
func (l *login) processes() []process {
	l.Helper()
	own, err := os.Readlink("/proc/thread-self/ns/mnt")
	l.must(err)
	entries, err := os.ReadDir("/proc")
	l.must(err)
	var found []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if ns, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", pid)); err != nil || ns != own {
			continue
		}
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		found = append(found, process{pid, strings.Split(string(line), "\x00")})
	}
	return found
}

// guardians are the supervisor and the worker, as far as they live.
func (l *login) guardians() []process {
	var found []process
	for _, p := range l.processes() {
		if p.role() != "" {
			found = append(found, p)
		}
	}
	return found
}

// idle waits until no guardian lives.
func (l *login) idle() {
	l.Helper()
	l.until(patience, "the guardian has ended", func() bool { return len(l.guardians()) == 0 })
}

// nobodyIsLeft fails the test when a process of it is, and ends it. It also
// tells what the race detector found in those that have ended.
func (l *login) nobodyIsLeft() {
	if reports, _ := filepath.Glob(l.path("race.*")); len(reports) > 0 {
		report, _ := os.ReadFile(reports[0])
		l.Errorf("%s", report)
	}
	// A nurse ends behind its console, and so does a tool that the console ran.
	passing := func(p process) bool { return p.role() == "" }
	for end := time.Now().Add(patience); time.Now().Before(end) && slices.ContainsFunc(l.processes(), passing); {
		time.Sleep(20 * time.Millisecond)
	}
	for left := l.processes(); len(left) > 0; left = l.processes() { // a supervisor replaces its worker
		for _, p := range left {
			l.Errorf("process %d is left: %q", p.pid, p.args)
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// until waits for something that must become true.
func (l *login) until(limit time.Duration, what string, is func() bool) {
	l.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			l.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// pendingCode is the code of the transaction that runs, as status tells it; empty
// when none does.
func (l *login) pendingCode() string {
	l.Helper()
	out, complaints, _ := l.mfwtui("status", "--json")
	var st struct {
		Pending struct{ Code string }
	}
	if err := json.Unmarshal([]byte(out), &st); err != nil {
		l.Fatalf("status --json: %v\n%s%s", err, out, complaints)
	}
	return st.Pending.Code
}

// patience is how long something may take on a machine under load.
const patience = 2 * time.Minute
