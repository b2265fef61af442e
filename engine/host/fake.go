package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Fake is a Kernel in memory. It reads the text that we write (and refuses the
// rest of what the tools know), judges it as strictly as the stricter back end
// does, keeps the result, and prints it back. Rules load atomically by table
// and sets not at all, as in the real kernel; elements of a set with timeout
// go by time.Now, so a test in a synctest bubble can move it.
//
// Faults can be put in its way: see Inject. It is safe for concurrent use.
type Fake struct {
	mu     sync.Mutex
	v4, v6 tables
	sets   map[string]*fakeSet
	beside ruleset.Ruleset // of which only the tables beside iptables are read
	caps   Capabilities
	faults map[int]Fault
	calls  []string
	before func(n int, call string)
}

// NewFake makes a Fake as a fresh host would be: no rules, no sets, nft, three
// interfaces.
func NewFake() *Fake {
	return &Fake{
		v4:   tables{},
		v6:   tables{},
		sets: map[string]*fakeSet{},
		caps: Capabilities{
			Backend: NFT, Version: "1.8.9", IPv6: true, DeadMan: true,
			Interfaces: []string{"lo", "eth0", "eth1"},
		},
		faults: map[int]Fault{},
	}
}

// Preload replaces everything by what the texts say, which are in the form that
// iptables-save, ip6tables-save and ipset save print, and may hold rules of
// others. Nothing is checked.
func (k *Fake) Preload(v4, v6, sets string) error {
	ts4, err4 := ruleset.ParseTables(ruleset.V4, []byte(v4))
	ts6, err6 := ruleset.ParseTables(ruleset.V6, []byte(v6))
	parsed, errSets := ruleset.ParseSets([]byte(sets))
	if err := errors.Join(err4, err6, errSets); err != nil {
		return fmt.Errorf("preload the fake kernel: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.v4, k.v6, k.sets = newTables(ts4), newTables(ts6), map[string]*fakeSet{}
	for _, s := range parsed {
		k.sets[s.Name] = newFakeSet(s)
	}
	return nil
}

// SetBeside sets the tables of nftables that stand beside those of iptables.
func (k *Fake) SetBeside(v4, v6 ruleset.Tables) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.beside.Beside4, k.beside.Beside6 = v4, v6
}

// SetCapabilities says what Probe and Links answer; the hooks are found in the
// rules. Without DeadMan no list:set can be made.
func (k *Fake) SetCapabilities(c Capabilities) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.caps = c
}

// Dump prints everything, in a form for people and goldens: counters only
// where they are not zero.
func (k *Fake) Dump() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return "# v4\n" + k.v4.save(ruleset.V4) + "# v6\n" + k.v6.save(ruleset.V6) + "# sets\n" + k.saveSets()
}

// Read implements Kernel.
func (k *Fake) Read(ctx context.Context) (*ruleset.Ruleset, error) {
	return k.read(ctx, "read", func(rs *ruleset.Ruleset) (err error) {
		rs.Sets, err = ruleset.ParseSets([]byte(k.saveSets()))
		return err
	})
}

// ReadRules implements Kernel.
func (k *Fake) ReadRules(ctx context.Context) (*ruleset.Ruleset, error) {
	return k.read(ctx, "read rules", func(*ruleset.Ruleset) error { return nil })
}

// read reads both families, and what else adds to them.
func (k *Fake) read(ctx context.Context, what string, more func(*ruleset.Ruleset) error) (*ruleset.Ruleset, error) {
	rs := &ruleset.Ruleset{}
	err := k.do(ctx, what, func() (err error) {
		if rs.V4, err = k.v4.parsed(ruleset.V4); err != nil {
			return err
		}
		if rs.V6, err = k.v6.parsed(ruleset.V6); err != nil {
			return err
		}
		rs.Beside4, rs.Beside6 = k.beside.Beside4, k.beside.Beside6
		return more(rs)
	})
	if err != nil {
		return nil, err
	}
	return rs, nil
}

// ReadTables implements Kernel.
func (k *Fake) ReadTables(ctx context.Context, f ruleset.Family) (ts ruleset.Tables, err error) {
	err = k.do(ctx, "read "+f.String(), func() (err error) {
		ts, err = k.family(f).parsed(f)
		return err
	})
	return ts, err
}

// ReadSets implements Kernel.
func (k *Fake) ReadSets(ctx context.Context) (sets ruleset.Sets, err error) {
	err = k.do(ctx, "read sets", func() (err error) {
		sets, err = ruleset.ParseSets([]byte(k.saveSets()))
		return err
	})
	return sets, err
}

// Restore implements Kernel.
func (k *Fake) Restore(ctx context.Context, f ruleset.Family, text string) error {
	c := Cmd{Tool: base(f) + "-restore", Args: []string{"--noflush", "--counters"}, Stdin: text}
	err := k.change(ctx, "load "+f.String(), c, func(c Cmd) error { return k.restore(f, c) })
	if err != nil {
		return fmt.Errorf("load the %s rules: %w", f, err)
	}
	return nil
}

// RestoreBoth implements Kernel.
func (k *Fake) RestoreBoth(ctx context.Context, v4, v6 string) error {
	var err4, err6 error
	if v4 != "" {
		err4 = k.Restore(ctx, ruleset.V4, v4)
	}
	if v6 != "" {
		err6 = k.Restore(ctx, ruleset.V6, v6)
	}
	return errors.Join(err4, err6)
}

// RestoreSets implements Kernel.
func (k *Fake) RestoreSets(ctx context.Context, text string) error {
	c := Cmd{Tool: "ipset", Args: []string{"restore"}, Stdin: text}
	if err := k.change(ctx, "load sets", c, k.restoreSets); err != nil {
		return fmt.Errorf("load the sets: %w", err)
	}
	return nil
}

// RestoreAndReadSet implements Kernel. It counts as two calls.
func (k *Fake) RestoreAndReadSet(ctx context.Context, text, name string) (*ruleset.Set, error) {
	if err := k.RestoreSets(ctx, text); err != nil {
		return nil, err
	}
	sets, err := k.ReadSets(ctx)
	return sets[name], err
}

// Links implements Kernel.
func (k *Fake) Links(ctx context.Context) (interfaces, bridges []string, err error) {
	err = k.do(ctx, "links", func() error {
		interfaces, bridges = slices.Clone(k.caps.Interfaces), slices.Clone(k.caps.Bridges)
		return nil
	})
	return interfaces, bridges, err
}

// Probe implements Kernel.
func (k *Fake) Probe(ctx context.Context) (c Capabilities, err error) {
	err = k.do(ctx, "probe", func() error {
		c = k.caps
		c.Interfaces, c.Bridges = slices.Clone(c.Interfaces), slices.Clone(c.Bridges)
		c.ForwardHook4 = ruleset.ForwardHook(k.v4.list().Chain(ruleset.Filter, ruleset.Forward))
		c.ForwardHook6 = ruleset.ForwardHook(k.v6.list().Chain(ruleset.Filter, ruleset.Forward))
		return nil
	})
	return c, err
}

func (k *Fake) family(f ruleset.Family) tables {
	if f == ruleset.V6 {
		return k.v6
	}
	return k.v4
}

// Fault is how a call goes wrong.
type Fault int

// The faults. A call is killed at its deadline, 10 s, when it hangs.
const (
	FaultFail    Fault = iota + 1 // reports an error and does nothing
	FaultHang                     // does nothing until it is killed
	FaultNothing                  // reports success and does nothing
	FaultLie                      // does it and reports an error
	FaultHalf                     // is killed in the middle: one table, or half of the set commands
)

// Inject makes the n-th call from now on, from 1, go wrong. Every method call
// counts, those that read too; RestoreBoth counts by family.
func (k *Fake) Inject(n int, fault Fault) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.faults[len(k.calls)+n] = fault
}

// Calls lists the calls so far: "read", "load v4", "load sets", …
func (k *Fake) Calls() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.calls)
}

// Before makes the Fake call f ahead of each call, with its number from 1. The
// function may use the Fake: that is how a test plays the other administrator.
// What it does then is not announced in turn.
func (k *Fake) Before(f func(n int, call string)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.before = f
}

// enter counts the call and gives the fault that is meant for it.
func (k *Fake) enter(call string) Fault {
	k.mu.Lock()
	k.calls = append(k.calls, call)
	n, announce := len(k.calls), k.before
	fault := k.faults[n]
	k.before = nil
	k.mu.Unlock()
	if announce != nil {
		announce(n, call)
		k.Before(announce)
	}
	return fault
}

// do is a call that reads.
func (k *Fake) do(ctx context.Context, call string, f func() error) error {
	c := Cmd{Tool: "fake", Args: strings.Fields(call)}
	switch k.enter(call) {
	case FaultFail, FaultLie, FaultHalf:
		return injected(c)
	case FaultHang:
		return hang(ctx, c)
	}
	if err := ctx.Err(); err != nil {
		return newExecError(c, err, "")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return f()
}

// change is a call that loads.
func (k *Fake) change(ctx context.Context, call string, c Cmd, f func(Cmd) error) error {
	locked := func(c Cmd) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		return f(c)
	}
	switch k.enter(call) {
	case FaultFail:
		return injected(c)
	case FaultHang:
		return hang(ctx, c)
	case FaultNothing:
		return nil
	case FaultLie:
		return errors.Join(injected(c), locked(c))
	case FaultHalf:
		return errors.Join(newExecError(c, errors.New("signal: killed"), ""), locked(firstHalf(c)))
	}
	if err := ctx.Err(); err != nil {
		return newExecError(c, err, "")
	}
	return locked(c)
}

func injected(c Cmd) error {
	return &ExecError{Cmd: c, Status: 1, Stderr: c.Tool + ": injected fault\n", Err: errors.New("exit status 1")}
}

func hang(ctx context.Context, c Cmd) error {
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	<-ctx.Done()
	return newExecError(c, fmt.Errorf("killed: %w", ctx.Err()), "")
}

// firstHalf cuts the input where a killed program would have left off: after
// the first table, or in the middle of the commands for sets.
func firstHalf(c Cmd) Cmd {
	if head, _, ok := strings.Cut(c.Stdin, "COMMIT\n"); ok {
		c.Stdin = head + "COMMIT\n"
		return c
	}
	lines := strings.SplitAfter(c.Stdin, "\n")
	c.Stdin = strings.Join(lines[:len(lines)/2], "")
	return c
}

// refuse makes the error of a program that ends with a message.
func refuse(c Cmd, status int, format string, args ...any) error {
	said := fmt.Sprintf(format, args...)
	return &ExecError{
		Cmd: c, Status: status, Stderr: said + "\n", Line: errorLine(said),
		Err: fmt.Errorf("exit status %d", status),
	}
}
