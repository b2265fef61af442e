package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// script is a Runner that expects a series of programs and fails the test on
// any other.
type script struct {
	t     *testing.T
	steps []step
}

type step struct {
	line   string // the command line expected
	stdout string
	status int
	stderr string
}

func (s *script) Start(_ context.Context, c Cmd) Wait {
	s.t.Helper()
	if len(s.steps) == 0 || s.steps[0].line != c.String() {
		s.t.Errorf("unexpected program %q, want %v", c, s.steps)
		return failed(c, errors.New("unexpected"))
	}
	now := s.steps[0]
	s.steps = s.steps[1:]
	return func() ([]byte, error) {
		if now.status != 0 {
			return nil, refuse(c, now.status, "%s", now.stderr)
		}
		return []byte(now.stdout), nil
	}
}

// scripted makes a Real of the nft back end on a script.
func scripted(t *testing.T, steps ...step) *Real {
	s := &script{t, steps}
	t.Cleanup(func() {
		if len(s.steps) > 0 {
			t.Errorf("programs that were not run: %v", s.steps)
		}
	})
	k := NewReal(Options{Runner: s})
	k.found = &tools{backend: NFT, variant: "-nft"}
	k.listTables = func() ([]nftTable, error) { return nil, nil }
	return k
}

const (
	load4  = "iptables-nft-restore --noflush --counters -w 5"
	load6  = "ip6tables-nft-restore --noflush --counters -w 5"
	locked = "Another app is currently holding the xtables lock. Perhaps you want to use the -w option?"
)

func TestABusyLockIsTriedAgainAndThenReported(t *testing.T) {
	k := scripted(t, step{line: load4, status: 4, stderr: locked}, step{line: load4})
	if err := k.Restore(t.Context(), ruleset.V4, "*filter\nCOMMIT\n"); err != nil {
		t.Errorf("second try: %v", err)
	}
	k = scripted(t, step{line: load6, status: 4, stderr: locked}, step{line: load6, status: 4, stderr: locked})
	if err := k.Restore(t.Context(), ruleset.V6, "*filter\nCOMMIT\n"); !IsBusy(err) {
		t.Errorf("error %v, want busy", err)
	}
}

// The first table may be loaded when the lock is lost before the second one.
func TestATextOfTwoTablesIsNotTriedAgain(t *testing.T) {
	k := scripted(t, step{line: load4, status: 4, stderr: locked})
	if err := k.Restore(t.Context(), ruleset.V4, "*filter\nCOMMIT\n*nat\nCOMMIT\n"); !IsBusy(err) {
		t.Errorf("error %v, want busy", err)
	}
}

func TestARefusalIsNotTriedAgain(t *testing.T) {
	refused := "line 6: CHAIN_DEL failed (Device or resource busy): chain q"
	k := scripted(t, step{line: load4, status: 4, stderr: refused})
	err := k.Restore(t.Context(), ruleset.V4, "*filter\n-X q\nCOMMIT\n")
	want := "load the v4 rules: iptables-nft-restore: " + refused
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestOnlyWhatHasTextIsLoaded(t *testing.T) {
	k := scripted(t, step{line: load6})
	if err := k.RestoreBoth(t.Context(), "", "*filter\nCOMMIT\n"); err != nil {
		t.Error(err)
	}
}

func TestBothFamiliesAreTriedAndBothErrorsReported(t *testing.T) {
	k := scripted(t, step{line: load4, status: 1, stderr: "iptables-nft-restore: line 2 failed"}, step{line: load6, status: 1, stderr: "ip6tables-nft-restore: line 3 failed"})
	err := k.RestoreBoth(t.Context(), "*filter\nx\nCOMMIT\n", "*filter\n\nx\nCOMMIT\n")
	if err == nil || !strings.Contains(err.Error(), "load the v4 rules") || !strings.Contains(err.Error(), "load the v6 rules") {
		t.Errorf("error %v, want both", err)
	}
}

func TestReadFailsWhenOneProgramFails(t *testing.T) {
	k := scripted(t,
		step{line: "iptables-nft-save -c", stdout: "*filter\nCOMMIT\n"},
		step{line: "ip6tables-nft-save -c", status: 1, stderr: "ip6tables-nft-save: broken"},
		step{line: "ipset save"},
	)
	_, err := k.Read(t.Context())
	if want := "read the v6 rules: ip6tables-nft-save: broken"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestASetThatVanishesUnderTheReaderIsReadAgain(t *testing.T) {
	vanished := step{line: "iptables-nft-save -c", status: 1, stderr: "iptables-nft-save: Set with index 7 in kernel doesn't exist."}
	k := scripted(t, vanished, step{line: "ip6tables-nft-save -c"}, step{line: "ipset save"},
		step{line: "iptables-nft-save -c"}, step{line: "ip6tables-nft-save -c"}, step{line: "ipset save"})
	if _, err := k.Read(t.Context()); err != nil {
		t.Error(err)
	}
	k = scripted(t, slices.Repeat([]step{vanished}, maxReads)...)
	if _, err := k.ReadTables(t.Context(), ruleset.V4); !isTorn(err) {
		t.Errorf("after %d tries: %v", maxReads, err)
	}
}

// A read that differs from the one before in its counters only takes a shorter
// way.
func TestEachReadHasItsOwnRulesAndCounters(t *testing.T) {
	dumps := []string{
		"*filter\n:INPUT ACCEPT [1:10]\n[2:20] -A INPUT -i lo -j ACCEPT\nCOMMIT\n",
		"*filter\n:INPUT ACCEPT [3:30]\n[4:40] -A INPUT -i lo -j ACCEPT\nCOMMIT\n",
		"*filter\n:INPUT DROP [3:30]\n[4:40] -A INPUT -i lo -j ACCEPT\nCOMMIT\n",
		"*filter\n:INPUT DROP [3:30]\n[5:50] -A INPUT -i eth0 -j ACCEPT\nCOMMIT\n",
		"*filter\n:INPUT DROP [3:30]\nCOMMIT\n",
	}
	var steps []step
	for _, d := range dumps {
		steps = append(steps, step{line: "iptables-nft-save -c", stdout: d}, step{line: "ip6tables-nft-save -c", stdout: d})
	}
	k := scripted(t, steps...)
	for i, d := range dumps {
		rs, err := k.ReadRules(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ruleset.Families() {
			if got := rs.Tables(f).SaveText(f); got != d {
				t.Errorf("read %d, %s: %q, want %q", i+1, f, got, d)
			}
		}
	}
}

// A dump that was cut (a full disk, a killed tool) must not pass for a smaller
// ruleset.
func TestATruncatedDumpIsAnError(t *testing.T) {
	k := scripted(t, step{line: "iptables-nft-save -c", stdout: "*filter\n:INPUT ACCEPT [0:0]\n"})
	if ts, err := k.ReadTables(t.Context(), ruleset.V4); err == nil {
		t.Errorf("read %v without an error", ts)
	}
}

func TestEveryProgramIsLogged(t *testing.T) {
	var got []Command
	s := &script{t, []step{{line: "ipset restore", status: 1, stderr: "ipset v7.17: Error in line 1: no"}, {line: "ipset save", stdout: "create a hash:net family inet\n"}}}
	k := NewReal(Options{Runner: s, Log: func(c Command) { got = append(got, c) }})
	if err := k.RestoreSets(t.Context(), "destroy a\n"); err == nil {
		t.Error("no error")
	}
	if _, err := k.ReadSets(t.Context()); err != nil {
		t.Error(err)
	}
	want := []Command{
		{Args: []string{"ipset", "restore"}, Input: 10, Status: 1, Err: "ipset: Error in line 1: no"},
		{Args: []string{"ipset", "save"}, Lines: 1},
	}
	for i := range got {
		if got[i].Started.IsZero() || got[i].Took < 0 {
			t.Errorf("command %d has no time", i)
		}
		got[i].Started, got[i].Took = time.Time{}, 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBothFamiliesLoadAtOnceOnBothBackEnds(t *testing.T) {
	for _, b := range []Backend{NFT, Legacy} {
		t.Run(string(b), func(t *testing.T) {
			enterNamespace(t)
			k := NewReal(Options{Backend: b})
			for i := range 60 {
				text := fmt.Sprintf("*filter\n:a - [0:0]\n-A a -p tcp -m tcp --dport %d -j ACCEPT\nCOMMIT\n*mangle\n:a - [0:0]\nCOMMIT\n", i+1)
				if err := k.RestoreBoth(t.Context(), text, text); err != nil {
					t.Fatalf("load %d: %v", i+1, err)
				}
			}
			rs, err := k.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := "-p tcp -m tcp --dport 60 -j ACCEPT"
			for _, f := range ruleset.Families() {
				rules := (*rs.Tables(f)).Chain(ruleset.Filter, "a").Rules
				if !slices.ContainsFunc(rules, func(r *ruleset.Rule) bool { return r.Text(f) == want }) || len(rules) != 1 {
					t.Errorf("%s: %d rules, want %q alone", f, len(rules), want)
				}
			}
		})
	}
}

// The lock file is one of its own, as in a lab: the machine's lock is not ours
// to hold.
func TestALoadWaitsForTheLockOfTheLegacyTools(t *testing.T) {
	enterNamespace(t)
	name := filepath.Join(t.TempDir(), "lock")
	k := NewReal(Options{Backend: Legacy, LockFile: name})
	waitsForTheLock(t, name, func() error { return k.Restore(t.Context(), ruleset.V4, dockerRules) })
	c, err := k.Probe(t.Context())
	must(t, err)
	if c.ForwardHook4 != ruleset.DockerUser {
		t.Errorf("hook in %s, want %s", c.ForwardHook4, ruleset.DockerUser)
	}
}

func TestBothFamiliesWaitForTheLockOfTheLegacyTools(t *testing.T) {
	enterNamespace(t)
	name := filepath.Join(t.TempDir(), "lock")
	k := NewReal(Options{Backend: Legacy, LockFile: name})
	waitsForTheLock(t, name, func() error { return k.RestoreBoth(t.Context(), dockerRules, "*filter\nCOMMIT\n") })
}

// waitsForTheLock holds the lock for a while, and fails the test when a load does
// not wait for it. The tools wait for five seconds: where this process stood still
// for as long, it is tried again.
func waitsForTheLock(t *testing.T, name string, load func() error) {
	t.Helper()
	const held, patience = 1500 * time.Millisecond, 5 * time.Second
	for range 5 {
		lock := takeLock(t, name)
		started, freed := time.Now(), make(chan time.Duration, 1)
		time.AfterFunc(held, func() { lock.Close(); freed <- time.Since(started) })
		err := load()
		if took := time.Since(started); took < held {
			t.Errorf("ended after %v, while the lock was held: %v", took, err)
		}
		if late := <-freed; IsBusy(err) && late >= patience {
			continue
		}
		must(t, err)
		return
	}
	t.Error("this machine could not free a lock in time")
}

// takeLock takes the lock on a file as the tools do.
func takeLock(t *testing.T, name string) *os.File {
	t.Helper()
	lock, err := os.OpenFile(name, os.O_RDONLY|os.O_CREATE, 0o600)
	must(t, err)
	t.Cleanup(func() { lock.Close() })
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB))
	return lock
}

// isLocked reports whether somebody else holds the lock on a file.
func isLocked(t *testing.T, name string) bool {
	t.Helper()
	lock, err := os.Open(name)
	must(t, err)
	defer lock.Close()
	return unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil
}

// watched is a Runner that calls look before each program starts and before it
// is waited for.
type watched struct {
	Runner
	look func(c Cmd)
}

func (w watched) Start(ctx context.Context, c Cmd) Wait {
	w.look(c)
	wait := w.Runner.Start(ctx, c)
	return func() ([]byte, error) {
		w.look(c)
		return wait()
	}
}

func TestOneLockIsHeldWhileBothFamiliesLoad(t *testing.T) {
	enterNamespace(t)
	name := filepath.Join(t.TempDir(), "lock")
	looks := 0
	k := NewReal(Options{Backend: Legacy, LockFile: name, Runner: watched{&System{LockFile: name}, func(c Cmd) {
		looks++
		if c.Lock == nil || !isLocked(t, name) {
			t.Errorf("%s: the lock is not held", c)
		}
	}}})
	must(t, k.RestoreBoth(t.Context(), "*filter\n:a - [0:0]\nCOMMIT\n", "*filter\n:b - [0:0]\nCOMMIT\n"))
	if looks != 4 {
		t.Errorf("%d looks at two programs, want 4", looks)
	}
	if isLocked(t, name) {
		t.Error("the lock is still held")
	}
	k = NewReal(Options{Backend: Legacy, LockFile: name})
	rs, err := k.Read(t.Context())
	must(t, err)
	if rs.V4.Chain(ruleset.Filter, "a") == nil || rs.V6.Chain(ruleset.Filter, "b") == nil {
		t.Error("not both families were loaded")
	}
}

// What a guardian leaves running when it dies must not meet another writer.
func TestAProgramKeepsTheLockThatItsCallerHeld(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	lock := takeLock(t, name)
	ctx, cancel := context.WithCancel(t.Context())
	wait := (&System{}).Start(ctx, Cmd{Tool: "sleep", Args: []string{"60"}, Lock: lock})
	lock.Close()
	if !isLocked(t, name) {
		t.Error("the lock is free while the program runs")
	}
	cancel()
	if _, err := wait(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if isLocked(t, name) {
		t.Error("the lock is held after the program")
	}
}

// A policy of the host may keep a tool from the lock that it is given.
func TestToolsThatCannotOpenTheirLockRunOneAfterTheOther(t *testing.T) {
	const load4, load6 = "iptables-legacy-restore --noflush --counters -w 5", "ip6tables-legacy-restore --noflush --counters -w 5"
	const refused = "Fatal: can't open lock file /proc/self/fd/4: Permission denied"
	s := &script{t, []step{
		{line: load4, status: 4, stderr: refused}, {line: load6, status: 4, stderr: refused}, {line: load4}, {line: load6},
		{line: load4}, {line: load6},
	}}
	var lent []bool
	k := NewReal(Options{LockFile: filepath.Join(t.TempDir(), "lock"), Runner: watched{s, func(c Cmd) { lent = append(lent, c.Lock != nil) }}})
	k.found = &tools{backend: Legacy, variant: "-legacy", lockable: true}
	const text = "*filter\nCOMMIT\n*nat\nCOMMIT\n"
	for range 2 {
		must(t, k.RestoreBoth(t.Context(), text, text))
	}
	want := []bool{true, true, true, true, false, false, false, false, false, false, false, false}
	if !slices.Equal(lent, want) {
		t.Errorf("lock lent %v, want %v", lent, want)
	}
}

func TestTheHolderOfALockIsNamed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	if got := lockHolder(name); got != "" {
		t.Errorf("a missing file is locked by %q", got)
	}
	lock, err := os.Create(name)
	must(t, err)
	defer lock.Close()
	if got := lockHolder(name); got != "" {
		t.Errorf("a free lock is held by %q", got)
	}
	must(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	if got, want := lockHolder(name), fmt.Sprintf("process %d (host.test)", os.Getpid()); got != want {
		t.Errorf("held by %q, want %q", got, want)
	}
}

func TestLocksOfOtherKindsAndNamespacesAreNoHolders(t *testing.T) {
	const locks = `1: POSIX  ADVISORY  WRITE 11 00:19:500 0 EOF
2: FLOCK  ADVISORY  WRITE 12 00:19:501 0 EOF
3: FLOCK  ADVISORY  WRITE 0 00:19:500 0 EOF
4: -> FLOCK  ADVISORY  WRITE 13 00:19:500 0 EOF
5: FLOCK  ADVISORY  WRITE 14 00:19:500 0 EOF
`
	if got := findLock(locks, "00:19:500"); got != "14" {
		t.Errorf("process %q, want 14", got)
	}
}

// What somebody else writes between two of our reads must not fail a read.
func TestReadingGoesOnWhileAnotherWrites(t *testing.T) {
	for _, b := range []Backend{NFT, Legacy} {
		t.Run(string(b), func(t *testing.T) {
			enterNamespace(t)
			k := NewReal(Options{Backend: b})
			tl, err := k.tools(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			text := "*filter\n:a - [0:0]\n-A a -j ACCEPT\n-A a -j DROP\nCOMMIT\n"
			if err := k.Restore(t.Context(), ruleset.V4, text); err != nil {
				t.Fatal(err)
			}
			for range 40 {
				write := k.startRestore(t.Context(), tl, ruleset.V4, text, nil)
				rs, err := k.Read(t.Context())
				if werr := write(); werr != nil {
					t.Fatal(werr)
				}
				if err != nil {
					t.Fatal(err)
				}
				if n := len(rs.V4.Chain(ruleset.Filter, "a").Rules); n != 2 {
					t.Fatalf("read %d rules in the middle of a load, want 2", n)
				}
			}
		})
	}
}
