package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// worker is a guardian's worker: a transaction, and the people who ask for it.
type worker struct {
	txn
	requests chan request
	status   published
}

// published is the status that other goroutines read.
type published struct {
	mu       sync.Mutex
	s        Status
	deadline time.Duration
}

func (p *published) set(s Status, deadline time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.s, p.deadline = s, deadline
}

func (p *published) get(now time.Duration) Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.s
	if s.State == Trial {
		s.Left = max(0, p.deadline-now)
	}
	return s
}

// work is the life of a worker.
func work(ctx context.Context, k host.Kernel, a guardArgs, opt guardOptions) error {
	w := &worker{
		txn:      txn{k: k, flows: opt.flows, paths: a.paths, store: store{a.paths.State}, now: opt.now, guards: true, fault: opt.fault},
		requests: make(chan request),
	}
	if a.resume {
		return w.resume(ctx, a.undo)
	}
	l, err := openLink(os.NewFile(linkFd, "link"))
	if err != nil {
		return err
	}
	defer l.close()
	hello, err := receive[helloMessage](l, readyLimit)
	if err != nil {
		return nil // the console is gone
	}
	w.j = journal{
		ID: a.tx, State: Prepared, Generation: a.tx, Timeout: hello.Timeout, Who: hello.Who, Since: time.Now(),
		Yes: hello.Yes, MarkBit: hello.MarkBit, Guardian: hello.Guardian,
	}
	if err := w.serve(func() error { return w.begin(ctx, l) }); err != nil {
		_ = l.send(readyMessage{Refused: report(Status{}, err)})
	}
	return nil
}

// serve answers on the socket while f runs.
func (w *worker) serve(f func() error) error {
	w.publish()
	srv, err := listen(w.paths, w)
	if err != nil {
		return err
	}
	defer srv.close()
	return f()
}

// publish shows the journal to whoever asks.
func (w *worker) publish() {
	s := w.j.status(w.now())
	s.Guardian = os.Getpid()
	s.Phases = w.phases
	w.status.set(s, w.j.Deadline)
}

// begin runs a new transaction. It gets ready while the console still checks
// the rules, and changes nothing before the console's go. A console that dies
// before that takes the transaction with it; afterwards it is not needed.
func (w *worker) begin(ctx context.Context, l *link) error {
	if err := l.send(readyMessage{Guardian: os.Getpid()}); err != nil {
		return nil
	}
	ready := w.prepare(ctx)
	stored, err := receive[storedMessage](l, 0)
	if err != nil {
		return nil
	}
	if ready == nil {
		ready = w.adopt(ctx, stored)
	}
	order, err := receive[goMessage](l, 0)
	if err != nil {
		removeOld(w.paths)
		return nil
	}
	w.j.Proof = append(order.Proof, w.j.Proof...)
	if ready == nil {
		ready = w.open(ctx)
	}
	// A console that does not listen any more changes nothing.
	switch {
	case ready != nil:
		w.end(ctx, undo{ready.Error()}, func(error) { _ = l.send(report(w.current(), ready)) })
		return nil
	case w.j.Yes:
		w.j.By = w.j.Who
		w.end(ctx, keep{}, func(err error) { _ = l.send(report(w.current(), err)) })
		return nil
	}
	w.publish()
	_ = l.send(report(w.current(), nil))
	l.close()
	return w.trial(ctx)
}

// prepare looks at everything that does not depend on the new rules, and
// cleans up what an earlier transaction left.
func (w *worker) prepare(ctx context.Context) error {
	read := func() error { return w.read(ctx) }
	if err := w.step("read before", read); err != nil {
		return err
	}
	cleaned, err := w.cleanLeftovers(ctx)
	if err == nil && cleaned {
		err = w.step("read again", read)
	}
	if err == nil {
		err = w.step("probe", func() error { return w.probe(ctx) })
	}
	if err == nil && w.j.MarkBit != 0 {
		if err := w.flows.forget(w.j.MarkBit); err != nil {
			w.prove("flows of an earlier trial could not be told apart: %v", err)
		}
	}
	return err
}

// cleanLeftovers undoes or finishes the transaction of a dead guardian, if
// there is one. The lock is held, so no other can be alive.
func (w *worker) cleanLeftovers(ctx context.Context) (bool, error) {
	earlier := txn{k: w.k, flows: w.flows, paths: w.paths, store: w.store, now: w.now, fault: w.fault}
	found, err := earlier.inherit(ctx)
	if err != nil {
		return false, err
	}
	switch found {
	case remedyNone:
		traces, err := plan.Rollback(w.live)
		if err != nil || len(traces) == 0 {
			return false, err
		}
		_, err = earlier.removeTraces(ctx)
		return true, err
	case remedyResume:
		earlier.j.Reason, found = "its guardian died, and somebody applies anew", remedyUndo
	}
	_, err = earlier.remedy(ctx, found)
	return true, err
}

// probe finds out whether the kernel can hold a gate. That it can stays true
// until the next boot, and to try takes some 20 ms, so it is noted down; that
// it cannot is tried every time, since a module may have been installed.
func (w *worker) probe(ctx context.Context) error {
	boot, err := bootID()
	if err != nil {
		return err
	}
	w.j.BootID = boot
	name := filepath.Join(w.paths.Run, gateFile)
	if known, err := readFile(name, 1<<10); err == nil && string(known) == boot {
		w.j.DeadMan = true
		return nil
	}
	caps, err := w.k.Probe(ctx)
	if err != nil {
		return fmt.Errorf("find out what this kernel can do: %w", err)
	}
	w.consider(caps)
	if caps.DeadMan && caps.IPv6 {
		_ = os.WriteFile(name, []byte(boot), 0o600) // only a note
	}
	return nil
}

// consider takes in what the kernel can do and says what follows from it.
func (w *worker) consider(caps host.Capabilities) {
	w.j.DeadMan, w.j.IPv4Only = caps.DeadMan, !caps.IPv6
	if !caps.DeadMan {
		w.j.MarkBit = 0
		w.prove("this kernel cannot go back by itself (it lacks %s): the guardian process alone holds the rollback, the tables change one after the other, and connections of the trial are not ended",
			strings.Join(caps.Missing, ", "))
	}
	if inSession("/proc/self/cgroup") {
		w.prove("the guardian could not leave the control group of the login session: where logind ends that group, the kernel alone goes back")
	}
	if !caps.IPv6 {
		w.prove("this kernel has no IPv6: only the IPv4 rules are loaded")
	}
}

// adopt takes over the generation that the console wrote, from the disk: what
// is applied is what a reboot would load.
func (w *worker) adopt(ctx context.Context, stored storedMessage) error {
	backend, err := backendOf(ctx, w.k)
	if err != nil {
		return err
	}
	if stored.Backend != "" && stored.Backend != backend {
		return fmt.Errorf("iptables was %s when the preview was made, and is %s now; start anew", stored.Backend, backend)
	}
	if err := w.step("load generation", w.loadGeneration); err != nil {
		return err
	}
	w.j.Fingerprint = plan.Fingerprint(w.live, w.own)
	if stored.Fingerprint != "" && stored.Fingerprint != w.j.Fingerprint {
		return ErrChanged
	}
	w.old = snapshot(w.live, w.own)
	if !w.j.DeadMan {
		if err := restorable(w.old); err != nil {
			return err
		}
	}
	return w.step("remember", func() error { return saveOld(w.paths, w.old) })
}

// backendOf is the back end that a kernel keeps to; empty for one in memory.
func backendOf(ctx context.Context, k host.Kernel) (host.Backend, error) {
	keeper, ok := k.(interface {
		Backend(context.Context) (host.Backend, error)
	})
	if !ok {
		return "", nil
	}
	return keeper.Backend(ctx)
}

// loadGeneration reads and verifies the new generation, and finds what the one
// before recorded as ours, and what the new one adopts.
func (t *txn) loadGeneration() error {
	m, want, err := t.store.target(t.j.Generation)
	if err != nil {
		return err
	}
	t.want = want
	if t.j.IPv4Only {
		t.want = onlyIPv4(want)
	}
	if t.own, err = t.recorded(m.Previous); err != nil {
		return err
	}
	t.own.Sets = union(t.own.Sets, m.Adopt)
	return nil
}

// recorded is what a generation calls ours. A damaged one tells nothing.
func (t *txn) recorded(id string) (plan.Ownership, error) {
	if id == "" {
		return plan.Ownership{}, nil
	}
	m, err := t.store.about(id)
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		t.prove("%v: what it recorded as ours is not known", damaged)
		return plan.Ownership{}, nil
	}
	return m.Own, err
}

// open puts the new rules in force on a timer. With Yes it only stages: the
// confirmation opens and holds the gate in one.
func (w *worker) open(ctx context.Context) error {
	if !w.j.DeadMan {
		return w.arm(ctx)
	}
	differs, err := w.stage(ctx)
	if err != nil {
		return err
	}
	if !differs {
		w.prove("no packet is judged differently: there was nothing to try out")
		w.j.Yes = true
	}
	if w.j.Yes {
		return nil
	}
	return w.arm(ctx)
}

// resume continues what the journal tells, after a worker died.
func (w *worker) resume(ctx context.Context, giveUp bool) error {
	found, err := w.inherit(ctx)
	if err != nil || found == remedyNone {
		return err // without a journal it died before a change, or after the end
	}
	if found == remedyResume && giveUp {
		w.j.Reason, found = "the guardian failed again and again", remedyUndo
	}
	if found == remedyResume && w.j.Code == "" {
		w.j.Code = newCode() // the worker before died between flip and code
		_ = w.save(Trial)
	}
	return w.serve(func() error {
		if found == remedyResume {
			return w.trial(ctx)
		}
		_, err := w.remedy(ctx, found)
		return err
	})
}
