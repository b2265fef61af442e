package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Options are the settings of Real; the zero value suits a firewall host.
type Options struct {
	Runner   Runner        // nil: the programs of this machine
	Backend  Backend       // empty: the one that the host uses
	LockFile string        // see System; a Runner that is given must know it too
	Log      func(Command) // called after each program, from any goroutine
}

// Real is the Kernel of this machine, in the network namespace of the OS
// thread that calls its methods (a caller who has moved a thread elsewhere
// must have locked it). It looks for the back end at the first call, so that
// it can be made where no firewall tools are, and keeps to it.
type Real struct {
	runner   Runner
	log      func(Command)
	lockFile string
	backend  Backend // as asked for

	mu    sync.Mutex
	found *tools // nil until the first call that succeeds

	// apart is set when the legacy tools cannot open the lock that they are given.
	apart atomic.Bool

	v4, v6 atomic.Pointer[ruleset.Dump] // the last that was parsed

	listTables func() ([]nftTable, error)
	nftFrom    atomic.Int64 // when the tables of nftables are asked for again
}

// NewReal makes a Real. It touches nothing.
func NewReal(opt Options) *Real {
	r := &Real{runner: opt.Runner, log: opt.Log, lockFile: opt.LockFile, backend: opt.Backend, listTables: listNFTTables}
	if r.runner == nil {
		r.runner = &System{LockFile: opt.LockFile}
	}
	if r.log == nil {
		r.log = func(Command) {}
	}
	r.runner = Logged(r.runner, r.log)
	return r
}

// tools returns the back end of this host and the names of its programs.
func (r *Real) tools(ctx context.Context) (*tools, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == nil {
		t, err := r.detect(ctx)
		if err != nil {
			return nil, fmt.Errorf("find the firewall tools: %w", err)
		}
		r.found = t
	}
	return r.found, nil
}

// Backend is the back end that this Real keeps to.
func (r *Real) Backend(ctx context.Context) (Backend, error) {
	t, err := r.tools(ctx)
	if err != nil {
		return "", err
	}
	return t.backend, nil
}

// maxReads bounds how often the rules are read while sets vanish under the
// reader.
const maxReads = 5

// untorn reads again while somebody else changes what is read.
func untorn[T any](ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	for n := 1; ; n++ {
		result, err := read(ctx)
		if !isTorn(err) || n == maxReads || ctx.Err() != nil {
			return result, err
		}
	}
}

// Read implements Kernel. The three programs run at the same time.
func (r *Real) Read(ctx context.Context) (*ruleset.Ruleset, error) {
	return untorn(ctx, func(ctx context.Context) (*ruleset.Ruleset, error) { return r.read(ctx, true) })
}

// ReadRules implements Kernel. Both programs run at the same time.
func (r *Real) ReadRules(ctx context.Context) (*ruleset.Ruleset, error) {
	return untorn(ctx, func(ctx context.Context) (*ruleset.Ruleset, error) { return r.read(ctx, false) })
}

func (r *Real) read(ctx context.Context, withSets bool) (*ruleset.Ruleset, error) {
	t, err := r.tools(ctx)
	if err != nil {
		return nil, err
	}
	rs := &ruleset.Ruleset{}
	g, ctx := errgroup.WithContext(ctx)
	// All start here, on the caller's thread; see Runner.
	v4, v6 := r.startTables(ctx, t, ruleset.V4), r.startTables(ctx, t, ruleset.V6)
	if withSets {
		sets := r.startSets(ctx)
		g.Go(func() (err error) { rs.Sets, err = sets(); return err })
	}
	g.Go(func() (err error) { rs.V4, err = v4(); return err })
	g.Go(func() (err error) { rs.V6, err = v6(); return err })
	beside := r.startBeside(ctx) // last: this thread asks the kernel meanwhile
	g.Go(func() error { beside(rs); return nil })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return rs, nil
}

// ReadTables implements Kernel.
func (r *Real) ReadTables(ctx context.Context, f ruleset.Family) (ruleset.Tables, error) {
	t, err := r.tools(ctx)
	if err != nil {
		return nil, err
	}
	return untorn(ctx, func(ctx context.Context) (ruleset.Tables, error) { return r.startTables(ctx, t, f)() })
}

// ReadSets implements Kernel.
func (r *Real) ReadSets(ctx context.Context) (ruleset.Sets, error) { return r.startSets(ctx)() }

// startTables starts a save and returns what waits for it. Without IPv6 in the
// kernel there are no IPv6 rules to read.
func (r *Real) startTables(ctx context.Context, t *tools, f ruleset.Family) func() (ruleset.Tables, error) {
	if f == ruleset.V6 && !hasIPv6() {
		return func() (ruleset.Tables, error) { return nil, nil }
	}
	wait := r.runner.Start(ctx, Cmd{Tool: t.save(f), Args: []string{"-c"}, Expect: r.expected(f)})
	return func() (ruleset.Tables, error) {
		out, err := wait()
		if err != nil {
			return nil, fmt.Errorf("read the %s rules: %w", f, err)
		}
		ts, err := r.parse(f, out)
		if err != nil {
			return nil, fmt.Errorf("read the %s rules: %w", f, err)
		}
		return ts, nil
	}
}

// dump is the last dump of a family.
func (r *Real) dump(f ruleset.Family) *atomic.Pointer[ruleset.Dump] {
	if f == ruleset.V6 {
		return &r.v6
	}
	return &r.v4
}

// expected is about how many bytes a save will print, with room for counters
// that grew: a buffer that need not grow is a third of the memory.
func (r *Real) expected(f ruleset.Family) int {
	if d := r.dump(f).Load(); d != nil {
		return d.Size() * 17 / 16
	}
	return 0
}

// parse is ruleset.ParseTables, for less while most rules stay the same.
func (r *Real) parse(f ruleset.Family, out []byte) (ruleset.Tables, error) {
	last := r.dump(f)
	parse := ruleset.ParseDump
	if d := last.Load(); d != nil {
		if ts, same := d.Again(out); same {
			return ts, nil
		}
		parse = d.Next
	}
	d, err := parse(f, out)
	if err != nil {
		return nil, err
	}
	last.Store(d)
	return d.Tables(), nil
}

func (r *Real) startSets(ctx context.Context) func() (ruleset.Sets, error) {
	wait := r.runner.Start(ctx, Cmd{Tool: "ipset", Args: []string{"save"}})
	return func() (ruleset.Sets, error) {
		out, err := wait()
		if err != nil {
			return nil, fmt.Errorf("read the sets: %w", err)
		}
		sets, err := ruleset.ParseSets(out)
		if err != nil {
			return nil, fmt.Errorf("read the sets: %w", err)
		}
		return sets, nil
	}
}

// Restore implements Kernel.
func (r *Real) Restore(ctx context.Context, f ruleset.Family, text string) error {
	t, err := r.tools(ctx)
	if err != nil {
		return err
	}
	return r.startRestore(ctx, t, f, text, nil)()
}

// RestoreBoth implements Kernel.
func (r *Real) RestoreBoth(ctx context.Context, v4, v6 string) error {
	t, err := r.tools(ctx)
	if err != nil {
		return err
	}
	var lock *os.File
	if v4 != "" && v6 != "" {
		lock = r.holdLock(t)
	}
	wait4 := r.startRestore(ctx, t, ruleset.V4, v4, lock)
	wait6 := r.startRestore(ctx, t, ruleset.V6, v6, lock)
	err4, err6 := wait4(), wait6()
	if lock == nil {
		return errors.Join(err4, err6)
	}
	lock.Close()
	return errors.Join(r.restoreApart(ctx, ruleset.V4, v4, err4), r.restoreApart(ctx, ruleset.V6, v6, err6))
}

// restoreApart loads once more what could not be loaded because the program
// could not open the lock that it was given.
func (r *Real) restoreApart(ctx context.Context, f ruleset.Family, text string, err error) error {
	if !isLockRefused(err) {
		return err
	}
	r.apart.Store(true)
	return r.Restore(ctx, f, text)
}

// maxTries bounds how often a load is tried while another program holds the
// lock. Each try waits for the lock itself for 5 s.
const maxTries = 2

// startRestore starts a load, unless there is nothing to load, and returns what
// waits for it. Only a text of one
// table is tried again: of several, the first may be loaded already when the
// lock was lost before the second, and to insert a rule twice is not the same
// as to insert it once. A lock that is not nil is held for the load.
func (r *Real) startRestore(ctx context.Context, t *tools, f ruleset.Family, text string, lock *os.File) func() error {
	if text == "" {
		return func() error { return nil }
	}
	c := Cmd{Tool: t.restore(f), Args: []string{"--noflush", "--counters", "-w", "5"}, Stdin: text, Lock: lock}
	tries := 1
	if strings.Count("\n"+text, "\n*") == 1 {
		tries = maxTries
	}
	wait := r.runner.Start(ctx, c)
	return func() error {
		_, err := wait()
		for n := 1; n < tries && IsBusy(err) && ctx.Err() == nil; n++ {
			_, err = r.runner.Start(ctx, c)()
		}
		if err == nil {
			return nil
		}
		if who := lockHolder(cmp.Or(r.lockFile, defaultLockFile)); who != "" && IsBusy(err) {
			err = fmt.Errorf("%w: %s holds it", err, who)
		}
		return fmt.Errorf("load the %s rules: %w", f, err)
	}
}

// RestoreSets implements Kernel.
func (r *Real) RestoreSets(ctx context.Context, text string) error {
	if _, err := r.runner.Start(ctx, Cmd{Tool: "ipset", Args: []string{"restore"}, Stdin: text})(); err != nil {
		return fmt.Errorf("load the sets: %w", err)
	}
	return nil
}

// RestoreAndReadSet implements Kernel. One program does both: what ipset restore
// reads is every command of ipset.
func (r *Real) RestoreAndReadSet(ctx context.Context, text, name string) (*ruleset.Set, error) {
	c := Cmd{Tool: "ipset", Args: []string{"restore"}, Stdin: text + "save " + name + "\n"}
	out, err := r.runner.Start(ctx, c)()
	if err != nil {
		return nil, fmt.Errorf("load the sets: %w", err)
	}
	sets, err := ruleset.ParseSets(out)
	if err != nil {
		return nil, fmt.Errorf("read set %s: %w", name, err)
	}
	return sets[name], nil
}
