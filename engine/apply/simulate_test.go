package apply

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// script is one life of a transaction: what the person does, which call of the
// kernel goes wrong and how, where the process dies, and how much later the
// next one looks.
type script struct {
	answer string // confirm, yes, reject, silence, flush, unhook
	call   int    // the call that goes wrong, from 1; 0 for none
	fault  host.Fault
	stays  bool   // every call after that goes wrong too, for longest while the first process lives
	step   string // the process dies before this step; empty: it lives
	pause  time.Duration
	again  string // the process that recovers dies before this step
	stuck  string // a step that always fails while the first process lives
	torn   bool   // its journal cannot be read afterwards
}

func (s script) String() string {
	return fmt.Sprintf("{%q, %d, %d, %v, %q, %d, %q, %q, %v}", s.answer, s.call, s.fault, s.stays, s.step, s.pause, s.again, s.stuck, s.torn)
}

// The rules before and after differ in two ports, so that a mixture shows.
func simulatedRules() (old, new plan.Target) { return letting(22, 80), letting(22, 443) }

// longest is how long every call of a kernel goes wrong: longer than a window.
const longest = time.Hour

// watchedKernel is a kernel in memory that looks after each change which rules
// are in force.
type watchedKernel struct {
	*host.Fake
	script  script
	calls   int
	heals   time.Time // when calls stop going wrong
	moments []string
	damaged bool // by somebody else: what is in force is not looked at
}

// change counts a call and makes it go wrong if it is the one.
func (k *watchedKernel) change(name string, f func() error) error {
	k.calls++
	if k.calls == k.script.call {
		k.heals = time.Now().Add(longest)
	}
	if k.calls == k.script.call || k.script.stays && k.script.call > 0 && k.calls > k.script.call && time.Now().Before(k.heals) {
		k.Inject(1, k.script.fault)
	}
	err := f()
	if m := k.inForce(); m != "old" && m != "new" && !k.damaged {
		k.moments = append(k.moments, fmt.Sprintf("after call %d (%s): %s", k.calls, name, m))
	}
	return err
}

func (k *watchedKernel) RestoreSets(ctx context.Context, text string) error {
	return k.change("load sets", func() error { return k.Fake.RestoreSets(ctx, text) })
}

func (k *watchedKernel) RestoreAndReadSet(ctx context.Context, text, name string) (*ruleset.Set, error) {
	if err := k.RestoreSets(ctx, text); err != nil {
		return nil, err
	}
	sets, err := k.ReadSets(ctx)
	return sets[name], err
}

func (k *watchedKernel) RestoreBoth(ctx context.Context, v4, v6 string) error {
	var errs []error
	for _, p := range []struct {
		f    ruleset.Family
		text string
	}{{ruleset.V4, v4}, {ruleset.V6, v6}} {
		if p.text != "" {
			errs = append(errs, k.change("load "+p.f.String(), func() error { return k.Fake.Restore(ctx, p.f, p.text) }))
		}
	}
	return errors.Join(errs...)
}

// inForce asks what becomes of a new connection to either port, in either
// family.
func (k *watchedKernel) inForce() string {
	live, err := k.Fake.Read(context.Background())
	if err != nil {
		return err.Error()
	}
	tracer := ruleset.NewTracer(live)
	verdict := ""
	for _, c := range [][2]string{{"192.0.2.2", "192.0.2.1"}, {"2001:db8::2", "2001:db8::1"}} {
		for _, port := range []uint16{80, 443} {
			p := ruleset.Packet{In: "eth0", Src: netip.MustParseAddr(c[0]), Dst: netip.MustParseAddr(c[1]), Proto: ruleset.TCP, SrcPort: 40000, DstPort: port}
			j := tracer.Judge(p, func(netip.Addr) (bool, string) { return true, "" })
			verdict += fmt.Sprintf("%s %d %s, ", p.Family(), port, j.Outcome)
		}
	}
	switch verdict {
	case "v4 80 accept, v4 443 drop, v6 80 accept, v6 443 drop, ":
		return "old"
	case "v4 80 drop, v4 443 accept, v6 80 drop, v6 443 accept, ":
		return "new"
	}
	return verdict
}

// noFlows is a conntrack table without entries.
type noFlows struct{}

func (noFlows) forget(uint32) error           { return nil }
func (noFlows) end(uint32, bool) (int, error) { return 0, nil }

// death is what a process dies of.
type death struct{}

// mortal runs f, which dies before one step and cannot do another.
func mortal(t *txn, step, stuck string, f func()) {
	t.fault = func(at string) error {
		switch at {
		case step:
			panic(death{})
		case stuck:
			return errors.New("injected fault")
		}
		return nil
	}
	defer func() {
		if r := recover(); r != nil && r != any(death{}) {
			panic(r)
		}
	}()
	f()
}

// simulate runs a script and gives what went wrong, empty when all promises
// held. It must run in a bubble of synctest.
func simulate(sc script) (complaint string) {
	dir, err := os.MkdirTemp("/dev/shm", "simulate-") // in memory: most of the time would be fsync
	if err != nil {
		dir, err = os.MkdirTemp("", "simulate-")
	}
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	s := &simulation{
		paths: Paths{State: dir + "/state", Run: dir + "/run"},
		k:     &watchedKernel{Fake: host.NewFake()},
		now:   func() time.Duration { return time.Since(begin) + time.Minute },
	}
	if err := s.prepare(); err != nil {
		return err.Error()
	}
	s.k.script = sc
	w := &worker{txn: s.txn(), requests: make(chan request)}
	mortal(&w.txn, sc.step, sc.stuck, func() { s.live(w, sc) })
	s.k.script.stays = false
	time.Sleep(sc.pause)
	if name := dir + "/run/" + journalFile; sc.torn {
		if _, err := os.Stat(name); err == nil {
			if err := os.WriteFile(name, []byte(`{"State":"confirming"`), 0o600); err != nil {
				return err.Error()
			}
			// Back to what boots goes one family after the other then.
			s.k.damaged = true
		}
	}
	next := s.txn()
	mortal(&next, sc.again, "", func() { _, _ = next.recoverAll(context.Background()) })
	s.k.script.call = 0
	last := s.txn()
	if _, err := last.recoverAll(context.Background()); err != nil {
		return "the last recovery: " + err.Error()
	}
	return s.judge(sc)
}

type simulation struct {
	paths    Paths
	k        *watchedKernel
	now      clock
	old, new plan.Target
	id       string
}

func (s *simulation) txn() txn {
	return txn{k: s.k, flows: noFlows{}, paths: s.paths, store: store{s.paths.State}, now: s.now, guards: true}
}

// prepare loads and confirms the old rules, and stores the new ones.
func (s *simulation) prepare() error {
	s.old, s.new = simulatedRules()
	if err := makeRunDir(s.paths.Run); err != nil {
		return err
	}
	st := store{s.paths.State}
	for i, want := range []plan.Target{s.old, s.new} {
		s.id = newID(time.Unix(int64(i+1), 0))
		m := meta{ID: s.id, Previous: st.linked(currentLink), Own: plan.Owned(want.Rules)}
		if err := st.write(m, want, nil); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		t := s.txn()
		t.live = &ruleset.Ruleset{}
		if err := errors.Join(st.promote(s.id), t.bring(context.Background(), want, plan.Ownership{})); err != nil {
			return err
		}
	}
	s.k.moments = nil
	return nil
}

// live is what a worker does with a console and a person.
func (s *simulation) live(w *worker, sc script) {
	ctx := context.Background()
	w.j = journal{
		ID: s.id, Generation: s.id, State: Prepared, Timeout: 30 * time.Second, Since: time.Now(), Yes: sc.answer == "yes", MarkBit: defaultMark,
	}
	err := w.txn.recoverFirst(ctx, w)
	if err != nil {
		w.end(ctx, undo{err.Error()}, func(error) {})
		return
	}
	a := action(undo{"rejected"})
	switch sc.answer {
	case "confirm", "yes":
		a = keep{}
	case "silence":
		time.Sleep(w.j.Timeout)
		a = decide(w.j, w.now(), passed{})
	case "unhook":
		s.k.damaged = true
		_ = s.k.Fake.Restore(ctx, ruleset.V4, "*filter\n-D INPUT -m comment --comment \"mfw:hook\" -j MFWINPUT\nCOMMIT\n")
		a = undo{"unhooked"}
	case "flush":
		_ = s.k.Fake.RestoreSets(ctx, "flush "+ruleset.TrialSet+"\n")
		live, err := s.k.Fake.Read(ctx)
		if err != nil {
			panic(err)
		}
		a = decide(w.j, w.now(), disturbed{disturbance(live, w.j)})
	}
	w.end(ctx, a, func(err error) {
		rolledBack := err == nil && w.j.State == RolledBack || err != nil && strings.Contains(err.Error(), "rolled back")
		if rolledBack && !s.k.damaged && s.k.inForce() == "new" {
			s.k.moments = append(s.k.moments, "although somebody was told that they were rolled back")
		}
	})
}

// recoverFirst is the part of a worker's life up to the flip.
func (t *txn) recoverFirst(ctx context.Context, w *worker) error {
	if err := w.prepare(ctx); err != nil {
		return err
	}
	if err := w.adopt(ctx, storedMessage{}); err != nil {
		return err
	}
	return w.open(ctx)
}

// judge checks the promises at the end of a script.
func (s *simulation) judge(sc script) string {
	if len(s.k.moments) > 0 {
		return "neither the old nor the new rules were in force, or not those that were told of: " + s.k.moments[0]
	}
	live, err := s.k.Fake.Read(context.Background())
	if err != nil {
		return err.Error()
	}
	if steps, err := plan.Rollback(live); err != nil || len(steps) > 0 {
		return fmt.Sprintf("left of the trial: %v, %v", steps, err)
	}
	if _, found, err := readJournal(s.paths); found || err != nil {
		return fmt.Sprintf("the journal is still there, %v", err)
	}
	want, kept := s.old, store{s.paths.State}.linked(currentLink) == s.id
	if kept {
		want = s.new
	}
	if d := plan.Compare(live, want, joinOwned(plan.Owned(s.old.Rules), plan.Owned(s.new.Rules))); !d.Empty() {
		return fmt.Sprintf("what would boot (new: %v) is not what runs:\n%s", kept, d.Unified())
	}
	if said := sc.answer == "confirm" || sc.answer == "yes"; kept && !said {
		return "confirmed without anybody saying so"
	}
	return ""
}

func allSteps() []string {
	steps := slices.Concat([]string{""}, openingSteps, keepingSteps, undoingSteps)
	slices.Sort(steps)
	return slices.Compact(steps)
}

// F18 of the fuzz targets: random lives of a transaction, with the promises
// checked after each change of the kernel and at the end.
func TestRandomLives(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sc := script{
			answer: rapid.SampledFrom([]string{"confirm", "yes", "reject", "silence", "flush", "unhook"}).Draw(r, "answer"),
			call:   rapid.IntRange(0, 12).Draw(r, "call"),
			fault:  rapid.SampledFrom([]host.Fault{host.FaultFail, host.FaultHang, host.FaultNothing, host.FaultLie, host.FaultHalf}).Draw(r, "fault"),
			stays:  rapid.IntRange(0, 3).Draw(r, "stays") == 0,
			step:   rapid.SampledFrom(allSteps()).Draw(r, "step"),
			pause:  rapid.SampledFrom([]time.Duration{0, 3 * time.Second, time.Minute}).Draw(r, "pause"),
			again:  rapid.SampledFrom(allSteps()).Draw(r, "again"),
			stuck:  rapid.SampledFrom(allSteps()).Draw(r, "stuck"),
			torn:   rapid.IntRange(0, 4).Draw(r, "torn") == 0,
		}
		var complaint string
		synctest.Test(t, func(*testing.T) { complaint = simulate(sc) })
		if complaint != "" {
			r.Fatalf("%v: %s", sc, complaint)
		}
	})
}

// F27: whichever call goes wrong in whichever way, and whatever the answer. F28,
// F30, F43, F44: and all calls after it too, until the guardian gives up.
func TestEveryCallGoesWrong(t *testing.T) {
	for _, answer := range []string{"confirm", "yes", "reject", "silence", "unhook"} {
		for _, fault := range []host.Fault{host.FaultFail, host.FaultHang, host.FaultNothing, host.FaultLie, host.FaultHalf} {
			for call := range 24 {
				sc := script{answer: answer, call: call/2 + 1, fault: fault, stays: call%2 == 1}
				var complaint string
				synctest.Test(t, func(*testing.T) { complaint = simulate(sc) })
				if complaint != "" {
					t.Errorf("%v: %s", sc, complaint)
				}
			}
		}
	}
}

// The gate is held for good, then the disk refuses, and from some call on the
// kernel too: the new rules run although nobody keeps them, and nobody is told
// that they are rolled back before they are.
func TestAHeldGateThatCannotBeClosedIsNotToldAsClosed(t *testing.T) {
	for _, answer := range []string{"confirm", "yes"} {
		for call := range 12 {
			sc := script{answer: answer, stuck: "promote", call: call + 1, fault: host.FaultFail, stays: true}
			var complaint string
			synctest.Test(t, func(*testing.T) { complaint = simulate(sc) })
			if complaint != "" {
				t.Errorf("%v: %s", sc, complaint)
			}
		}
	}
}
