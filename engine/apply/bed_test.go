package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// inNamespace is set in the environment of a test that runs in a network
// namespace of its own.
const inNamespace = "MFWTUI_TEST_IN_NAMESPACE"

// onKernel runs a test once for each back end, each in a process of its own
// whose network namespace is new: guardians and goroutines are in it too.
func onKernel(t *testing.T, test func(t *testing.T, b *bed)) {
	t.Helper()
	if backend := os.Getenv(inNamespace); backend != "" {
		test(t, newBed(t, host.Backend(backend)))
		return
	}
	if os.Geteuid() != 0 {
		needs(t, "root")
	}
	run := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("/proc/self/exe", "-test.run="+run, "-test.v", "-test.timeout=20m")
			cmd.Env = append(os.Environ(), inNamespace+"="+string(backend))
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
			out, err := cmd.CombinedOutput()
			switch {
			case err != nil:
				t.Errorf("%v\n%s", err, out)
			case strings.Contains(string(out), "--- SKIP"):
				needs(t, "more than this host has:\n"+string(out))
			case !strings.Contains(string(out), "--- PASS"):
				t.Errorf("nothing ran:\n%s", out)
			case testing.Verbose():
				t.Logf("%s", out)
			}
		})
	}
}

// needs skips a test for want of something, unless the run must not skip.
func needs(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
		t.Fatalf("this test needs %s", what)
	}
	t.Skipf("this test needs %s", what)
}

// bed is a host with nothing on it.
type bed struct {
	t       *testing.T
	k       *host.Real
	backend host.Backend
	paths   Paths
	flags   []string // of the test guardian
}

func newBed(t *testing.T, backend host.Backend) *bed {
	t.Helper()
	if _, err := lab.CurrentNamespace(); err != nil {
		needs(t, err.Error())
	}
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		t.Fatalf("set lo up: %v", err)
	}
	dir := t.TempDir()
	lockFile := filepath.Join(dir, "xtables.lock")
	b := &bed{
		t: t, backend: backend,
		k:     host.NewReal(host.Options{Backend: backend, LockFile: lockFile}),
		paths: Paths{State: filepath.Join(dir, "state"), Run: filepath.Join(dir, "run")},
		flags: []string{"--backend=" + string(backend), "--lock-file=" + lockFile},
	}
	t.Cleanup(b.killGuardians)
	return b
}

// request asks for a target, with a window of so many seconds.
func (b *bed) request(want plan.Target, window time.Duration) Request {
	guardian := append([]string{"/proc/self/exe", "guardian"}, b.flags...)
	return Request{Want: want, Timeout: window, Who: "alice", Guardian: append(guardian, "--"),
		Tables: map[string][]byte{"rules": []byte("# test\n")}}
}

// plenty is a window whose end no trial gets to, on however slow a machine.
const plenty = 5 * time.Minute

func (b *bed) start(want plan.Target, window time.Duration) Status {
	b.t.Helper()
	s, err := Start(b.t.Context(), b.k, b.paths, b.request(want, window))
	if err != nil {
		b.t.Fatalf("start: %v", err)
	}
	return s
}

// inTime starts a trial with a short window, which nobody will answer, and plays
// a scene in it. A machine that stands still may lose the window before the scene
// is over: then what came of it counts for nothing, and all is set anew with a
// longer one.
func (b *bed) inTime(want plan.Target, window time.Duration, play func(s Status) error) Status {
	b.t.Helper()
	for ; window < plenty; window *= 3 {
		s, err := Start(b.t.Context(), b.k, b.paths, b.request(want, window))
		j, found, _ := readJournal(b.paths)
		if err == nil {
			err = play(s)
		}
		if found && j.ID == s.ID && bootClock() < j.Deadline {
			if err != nil {
				b.t.Fatal(err)
			}
			return s
		}
		b.t.Logf("the window of %s was lost: %+v, %v", window, s, err)
		b.killGuardians()
		if _, err := Recover(b.t.Context(), b.k, b.paths); err != nil {
			b.t.Fatalf("recover: %v", err)
		}
		b.idle()
	}
	b.t.Fatal("no window was long enough")
	return Status{}
}

// trialOver starts a trial of the second rules over the first ones, with plenty
// of time for an answer.
func trialOver(b *bed) (first, second plan.Target, s Status) {
	b.t.Helper()
	first, second = letting(22), letting(22, 80)
	b.apply(first)
	s = b.start(second, plenty)
	if !onTrial(s) {
		b.t.Fatalf("trial: %+v", s)
	}
	return first, second, s
}

func onTrial(s Status) bool { return s.State == Trial && len(s.Code) == 4 && s.DeadMan }

// silentTrialOver is trialOver for a trial that nobody will answer, and a scene
// that is played before its deadline.
func silentTrialOver(b *bed, play func(s Status) error) (first plan.Target, s Status) {
	b.t.Helper()
	first = letting(22)
	b.apply(first)
	s = b.inTime(letting(22, 80), time.Second, func(s Status) error {
		if !onTrial(s) {
			return fmt.Errorf("trial: %+v", s)
		}
		return play(s)
	})
	return first, s
}

// ended waits for the end and checks how it came.
func (b *bed) ended(id string, state State, reason string) {
	b.t.Helper()
	s := b.wait(id)
	if s.State != state || !strings.Contains(s.Reason, reason) {
		b.t.Errorf("ended as %q (%s), want %q (%s)", s.State, s.Reason, state, reason)
	}
	b.idle()
}

// apply applies and confirms.
func (b *bed) apply(want plan.Target) {
	b.t.Helper()
	req := b.request(want, plenty)
	req.Yes = true
	s, err := Start(b.t.Context(), b.k, b.paths, req)
	if err != nil || s.State != Confirmed {
		b.t.Fatalf("apply: %+v, %v", s, err)
	}
	b.idle()
}

// idle waits until no guardian lives.
func (b *bed) idle() {
	b.t.Helper()
	b.until("end of the guardians", func() bool {
		supervisors, workers := b.guardians()
		if len(supervisors)+len(workers) > 0 {
			return false
		}
		// A dying process loses its command line before its files.
		held, err := lock(b.paths)
		if err == nil {
			held.Close()
		}
		return !errors.Is(err, errLocked)
	})
}

// wait waits for the end of a transaction.
func (b *bed) wait(id string) Status {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), limit)
	defer cancel()
	s, err := Wait(ctx, b.paths, id, nil)
	if err != nil {
		b.t.Fatalf("wait: %v", err)
	}
	return s
}

func (b *bed) live() *ruleset.Ruleset {
	b.t.Helper()
	rs, err := b.k.Read(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return rs
}

// runs fails the test unless the kernel runs the target and nothing of a trial
// is left, in the kernel or in Run.
func (b *bed) runs(want plan.Target) {
	b.t.Helper()
	live := b.live()
	var own plan.Ownership
	if want.Rules != nil {
		own = plan.Owned(want.Rules)
	}
	if d := plan.Compare(live, want, own); !d.Empty() {
		b.t.Errorf("the kernel does not run what it should:\n%s", d.Unified())
	}
	if steps, err := plan.Rollback(live); err != nil || len(steps) > 0 {
		b.t.Errorf("left of a trial: %+v, %v", steps, err)
	}
	if _, found, _ := readJournal(b.paths); found {
		b.t.Error("the journal is still there")
	}
}

// verdict is what a new SSH connection to the port meets: the trace of the
// rules that the kernel runs now.
func (b *bed) current() string { return store{b.paths.State}.linked(currentLink) }

// guardians lists the processes of guardians for these paths: supervisors
// first.
func (b *bed) guardians() (supervisors, workers []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range entries {
		var pid int
		if _, err := fmt.Sscanf(e.Name(), "%d", &pid); err != nil {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil {
			continue
		}
		args := strings.Split(string(line), "\x00")
		switch {
		case !slices.Contains(args, "--run="+b.paths.Run):
		case slices.Contains(args, "--role=supervisor"):
			supervisors = append(supervisors, pid)
		case slices.Contains(args, "--role=worker"):
			workers = append(workers, pid)
		}
	}
	return supervisors, workers
}

func (b *bed) kill(pids ...int) {
	for _, pid := range pids {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// killGuardians kills them all, supervisors first, and waits until they are
// gone.
func (b *bed) killGuardians() {
	supervisors, workers := b.guardians()
	b.kill(append(supervisors, workers...)...)
	b.idle()
}

// limit is how long something may take that must come, on however slow a
// machine.
const limit = 2 * time.Minute

// until waits for something that must become true.
func (b *bed) until(what string, is func() bool) {
	b.t.Helper()
	for end := time.Now().Add(limit); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("%s: not within %s", what, limit)
		}
	}
}

// run runs a program of the other administrator.
func (b *bed) run(tool string, args ...string) {
	b.t.Helper()
	if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
		b.t.Fatalf("%s %v: %v: %s", tool, args, err, out)
	}
}

func (b *bed) iptables(args ...string) {
	b.t.Helper()
	b.run("iptables-"+string(b.backend), args...)
}

// letting is a whole ruleset that lets in TCP to these ports, from a set of
// addresses where there is more than one way to say it, and forwards nothing.
func letting(ports ...uint16) plan.Target {
	rs := &ruleset.Ruleset{Sets: make(ruleset.Sets)}
	var hooks []ruleset.Hook
	for _, f := range ruleset.Families() {
		filter := rs.Tables(f).Ensure(ruleset.Filter)
		input, zone := filter.Ensure(ruleset.RootInput), filter.Ensure("ext_inp")
		input.Append(
			&ruleset.Rule{ID: "established", Matches: established(), Target: ruleset.Accept},
			accept("icmp", icmpOf(f), nil, nil),
			&ruleset.Rule{ID: "zone", Target: ruleset.Jump{Chain: "ext_inp"}},
			&ruleset.Rule{ID: "rest", Target: ruleset.Drop})
		for _, p := range ports {
			r := accept(fmt.Sprintf("port%d", p), ruleset.TCP, nil, &p)
			r.Matches = append(r.Matches, ruleset.MatchSet{Name: "hosts_" + f.String(), Dirs: "src"})
			zone.Append(r)
		}
		filter.Ensure(ruleset.RootForward).Append(&ruleset.Rule{ID: "rest", Target: ruleset.Drop})
		hooks = append(hooks,
			ruleset.Hook{Family: f, Table: ruleset.Filter, From: ruleset.Input, To: ruleset.RootInput},
			ruleset.Hook{Family: f, Table: ruleset.Filter, From: ruleset.Forward, To: ruleset.RootForward})
		set := ruleset.NewSet("hosts_"+f.String(), "hash:net", f)
		members := "0.0.0.0/1 128.0.0.0/1"
		if f == ruleset.V6 {
			members = "::/1 8000::/1"
		}
		for _, p := range lab.Prefixes(members) {
			set.Members = append(set.Members, ruleset.Member{Prefix: p})
		}
		set.Normalize()
		rs.Sets[set.Name] = set
	}
	return plan.Target{Rules: rs, Hooks: hooks}
}

func loopTo(chain string) *ruleset.Rule {
	return &ruleset.Rule{ID: "loop", Target: ruleset.Jump{Chain: chain}}
}
