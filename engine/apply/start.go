package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// defaultMark is the conntrack mark bit of a trial's flows.
const defaultMark = 0x4000000

// Start runs the transaction up to the flip and returns while the trial runs
// (or, with Yes, when it is confirmed). Anything before the flip that fails
// leaves the live ruleset as it was and gives an error: *PendingError,
// *LockoutError, ErrChanged, or one that says what failed. The kernel must have
// been used before, so that it knows its back end also where nothing is loaded.
// Once the guardian works, ctx stops nothing: Reject does.
func Start(ctx context.Context, k host.Kernel, paths Paths, req Request) (Status, error) {
	if err := req.complete(); err != nil {
		return Status{}, fmt.Errorf("apply: %w", err)
	}
	paths, err := paths.absolute()
	if err != nil {
		return Status{}, fmt.Errorf("apply: %w", err)
	}
	s, err := start(ctx, k, paths, req)
	if err != nil {
		return s, fmt.Errorf("not applied: %w", err)
	}
	return s, nil
}

// complete fills in the defaults and refuses what makes no sense.
func (r *Request) complete() error {
	if r.Timeout == 0 {
		r.Timeout = defaultWindow
	}
	if r.MarkBit == 0 {
		r.MarkBit = defaultMark
	}
	switch {
	case r.Timeout < 0 || r.Timeout > maxWindow:
		return fmt.Errorf("the window of %s is not between 0 and %s", r.Timeout, maxWindow)
	case len(r.Guardian) == 0:
		return errors.New("no guardian command")
	case r.Want.Rules == nil:
		return errors.New("no rules")
	}
	return nil
}

func start(ctx context.Context, k host.Kernel, paths Paths, req Request) (Status, error) {
	id := newID(time.Now())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The rehearsal takes longest, so everything else happens beside it.
	rehearsed := make(chan rehearsal, 1)
	go func() { rehearsed <- rehearse(ctx, k, req) }()

	var l *link
	err := whenIdle(ctx, paths, func() (err error) {
		l, err = launch(paths, id, req)
		return err
	})
	if err != nil {
		cancel()
		<-rehearsed
		return Status{}, err
	}
	defer l.close()
	s := store{paths.State}
	err = s.write(meta{
		ID: id, When: time.Now(), Who: req.Who, Previous: s.linked(currentLink),
		AdminPort: req.Admin.Server.Port(), Own: plan.Owned(req.Want.Rules), Adopt: req.Adopt, Changes: req.Changes,
	}, req.Want, req.Tables)
	if err != nil {
		err = fmt.Errorf("store the new rules: %w", err)
	}
	stored := storedMessage{Fingerprint: req.Fingerprint}
	if err == nil {
		stored.Backend, err = backendOf(ctx, k)
	}
	if err == nil {
		if err = l.send(stored); err != nil {
			err = fmt.Errorf("the guardian died: %w", err)
		}
	}
	r := <-rehearsed
	if err == nil {
		err = r.err
	}
	if err == nil {
		err = l.send(goMessage{Proof: r.proof})
	}
	if err != nil {
		s.remove(id)
		_ = s.note(pastLine{Event: Refused, ID: id, When: time.Now(), Who: req.Who, State: Failed, Reason: err.Error(), Changes: req.Changes})
		return Status{}, err
	}
	m, err := receive[reportMessage](l, answerLimit)
	if err != nil {
		return afterDeath(ctx, paths, id)
	}
	return m.Status, m.err()
}

// launch starts a guardian and waits until it holds the lock and is ready.
func launch(paths Paths, id string, req Request) (*link, error) {
	l, theirs, err := newLink()
	if err != nil {
		return nil, err
	}
	cmd := guardianProcess(req.Guardian, guardArgs{role: roleSupervisor, paths: paths, tx: id})
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		l.close()
		return nil, fmt.Errorf("start the guardian: %w", err)
	}
	go cmd.Wait()
	hello := helloMessage{Timeout: req.Timeout, Yes: req.Yes, Who: req.Who, MarkBit: req.MarkBit, Guardian: req.Guardian}
	sent := l.send(hello)
	// A guardian that refuses may be gone before the hello, but has said why.
	ready, err := receive[readyMessage](l, readyLimit)
	switch {
	case err != nil:
		err = fmt.Errorf("the guardian did not start: %w", cmp.Or(sent, err))
	case ready.Refused.Kind == kindLocked:
		err = errLocked
	default:
		err = ready.Refused.err()
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// guardianProcess is a guardian in a session of its own, with nothing of the
// caller's environment and nothing of its terminal.
func guardianProcess(command []string, a guardArgs) *exec.Cmd {
	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], a.list()...)...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	cmd.SysProcAttr = ownSession()
	return cmd
}

// afterDeath finds out what became of a transaction whose worker died before
// it could report: another worker finishes it.
func afterDeath(ctx context.Context, paths Paths, id string) (Status, error) {
	for end := time.Now().Add(answerLimit); ; {
		s, pending, err := Query(ctx, paths)
		if err != nil {
			return s, err
		}
		if pending && s.ID == id && s.State == Trial && s.Code != "" {
			return s, nil
		}
		if !pending {
			s, err := ended(paths, id, Status{})
			if err != nil {
				store{paths.State}.remove(id) // it had not begun
				s.State = Failed
			}
			if s.State != Confirmed {
				return s, fmt.Errorf("the guardian died: %s", orElse(s.Reason, "nothing was changed"))
			}
			return s, nil
		}
		if time.Now().After(end) {
			return s, ErrGuardianGone
		}
		time.Sleep(retryPause)
	}
}
