package apply

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestConfirmedRulesStay(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		_, second, s := trialOver(b)
		s, err := Confirm(t.Context(), b.paths, s.Code, "bob")
		if err != nil || s.State != Confirmed {
			t.Fatalf("confirm: %+v, %v", s, err)
		}
		b.ended(s.ID, Confirmed, "")
		if history, err := History(b.paths); err != nil || history[0].ID != s.ID || history[0].By != "bob" {
			t.Errorf("history: %+v, %v; want it confirmed by bob", history, err)
		}
		b.runs(second)
		if b.current() != s.ID {
			t.Errorf("current is %s, want %s", b.current(), s.ID)
		}
		if d := plan.Compare(b.live(), second, plan.Owned(second.Rules)); !d.Empty() {
			t.Errorf("difference after apply:\n%s", d.Unified())
		}
	})
}

// F01: nobody answers.
func TestSilenceRollsBack(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, s := silentTrialOver(b, func(Status) error { return nil })
		b.ended(s.ID, RolledBack, "no confirmation within "+s.Timeout.String())
		b.runs(first)
		if b.current() == s.ID {
			t.Error("what was not confirmed would boot")
		}
	})
}

func TestFirstApplyLeavesNothingWhenRolledBack(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		s := b.start(letting(22), plenty)
		if _, err := Reject(t.Context(), b.paths, "rejected by bob", "bob"); err != nil {
			t.Fatal(err)
		}
		b.ended(s.ID, RolledBack, "rejected by bob")
		b.runs(plan.Target{})
		if sets := b.live().Sets; len(sets) > 0 {
			t.Errorf("sets left: %v", sets.Names())
		}
	})
}

// F47, F48, C.4: who may confirm, and with what.
func TestCodeNamesTheTransaction(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		_, second, s := trialOver(b)
		_, err := Confirm(t.Context(), b.paths, "QQQQ", "bob")
		var wrong *CodeError
		if !errors.As(err, &wrong) || wrong.Status.Code != s.Code || wrong.Status.Who != "alice" {
			t.Errorf("wrong code: %v", err)
		}
		longer, err := Extend(t.Context(), b.paths, plenty)
		if err != nil || longer.Left <= plenty {
			t.Errorf("extend: %+v, %v", longer, err)
		}
		if s, err := Confirm(t.Context(), b.paths, strings.ToLower(s.Code), "bob"); err != nil || s.State != Confirmed {
			t.Errorf("confirm: %+v, %v", s, err)
		}
		b.idle()
		b.runs(second)
		if _, err := Confirm(t.Context(), b.paths, s.Code, "bob"); !errors.Is(err, ErrNone) {
			t.Errorf("confirm after the end: %v", err)
		}
	})
}

// F45: one of two wins, and the other learns who.
func TestSecondApplyIsRefused(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		_, second, s := trialOver(b)
		_, err := Start(t.Context(), b.k, b.paths, b.request(letting(443), time.Second))
		var pending *PendingError
		if !errors.As(err, &pending) || pending.Status.ID != s.ID || !strings.Contains(err.Error(), "alice applies since") {
			t.Errorf("second apply: %v", err)
		}
		if err := Teardown(t.Context(), b.k, b.paths); !errors.As(err, &pending) {
			t.Errorf("teardown in a trial: %v", err)
		}
		if did, err := Recover(t.Context(), b.k, b.paths); did != "" || err != nil {
			t.Errorf("recover with a living guardian: %q, %v", did, err)
		}
		if _, err := Confirm(t.Context(), b.paths, "", "bob"); err != nil {
			t.Fatal(err)
		}
		b.idle()
		b.runs(second)
	})
}

// F04: the next worker has the same deadline, and the confirmation reaches it.
func TestKilledWorkerIsReplaced(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		_, second, s := trialOver(b)
		j, _, err := readJournal(b.paths)
		if err != nil {
			t.Fatal(err)
		}
		_, workers := b.guardians()
		b.kill(workers...)
		// F83: asked at once, while nobody listens.
		before := bootClock()
		again, pending, err := Query(t.Context(), b.paths)
		if err != nil || !pending || again.Guardian == s.Guardian {
			t.Fatalf("after the kill: %+v, %v, %v", again, pending, err)
		}
		if most, least := j.Deadline-before, j.Deadline-bootClock(); again.Left > most || again.Left < least {
			t.Errorf("%s left, want %s to %s", again.Left, least, most)
		}
		if s, err := Confirm(t.Context(), b.paths, s.Code, "bob"); err != nil || s.State != Confirmed {
			t.Fatalf("confirm: %+v, %v", s, err)
		}
		b.idle()
		b.runs(second)
	})
}

// F05: the worker needs no supervisor.
func TestWorkerGoesOnWithoutSupervisor(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, s := silentTrialOver(b, func(Status) error {
			supervisors, _ := b.guardians()
			b.kill(supervisors...)
			if _, err := lock(b.paths); !errors.Is(err, errLocked) {
				return fmt.Errorf("the lock is free: %v", err)
			}
			return nil
		})
		b.ended(s.ID, RolledBack, "no confirmation")
		b.runs(first)
	})
}

// F06: with every process dead the kernel goes back by itself, and the next
// command cleans up.
func TestKernelGoesBackAlone(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, s := silentTrialOver(b, func(Status) error { b.killGuardians(); return nil })
		if gate := b.live().Sets; gateOpen(gate) {
			for _, m := range gate[ruleset.TrialSet].Members {
				if m.Timeout < 1 || m.Timeout > int64(kernelSeconds(s.Timeout)) {
					t.Errorf("the kernel goes back in %d s", m.Timeout)
				}
			}
		}
		b.until("the gate closes", func() bool { return !gateOpen(b.live().Sets) })
		did, err := Recover(t.Context(), b.k, b.paths)
		if err != nil || !strings.Contains(did, "rolled back what alice applied") {
			t.Errorf("recover: %q, %v", did, err)
		}
		b.runs(first)
		if did, err := Recover(t.Context(), b.k, b.paths); did != "" || err != nil {
			t.Errorf("second recover: %q, %v", did, err)
		}
	})
}

// C.2: a window that is still open gets a new guardian.
func TestOpenWindowGetsANewGuardian(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		_, second, s := trialOver(b)
		b.killGuardians()
		did, err := Recover(t.Context(), b.k, b.paths)
		if err != nil || !strings.Contains(did, "got a new one") {
			t.Fatalf("recover: %q, %v", did, err)
		}
		if _, err := Confirm(t.Context(), b.paths, s.Code, "bob"); err != nil {
			t.Fatal(err)
		}
		b.idle()
		b.runs(second)
	})
}

// F10, F17: signals of a terminal or of a service manager. F13: out of memory,
// the kernel ends everything else first, where a process may ask for that.
func TestSignalsDoNotEndTheWindow(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, s := silentTrialOver(b, func(s Status) error {
			supervisors, workers := b.guardians()
			guardians := append(supervisors, workers...)
			if os.WriteFile("/proc/self/oom_score_adj", []byte("-1000"), 0) == nil {
				for _, pid := range guardians {
					score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
					if got := strings.TrimSpace(string(score)); err != nil || got != "-1000" {
						return fmt.Errorf("a guardian's score for the out-of-memory killer is %q, %v", got, err)
					}
				}
			}
			for _, pid := range guardians {
				for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP, unix.SIGPIPE, unix.SIGTTOU} {
					_ = unix.Kill(pid, sig)
				}
			}
			if again, pending, err := Query(t.Context(), b.paths); err != nil || !pending || again.Guardian != s.Guardian {
				return fmt.Errorf("after the signals: %+v, %v, %v", again, pending, err)
			}
			return nil
		})
		b.ended(s.ID, RolledBack, "no confirmation")
		b.runs(first)
	})
}

// F11: a stopped guardian is as good as a dead one, until it wakes.
func TestStoppedGuardian(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		var workers []int
		first, s := silentTrialOver(b, func(Status) error {
			_, workers = b.guardians()
			return unix.Kill(workers[0], unix.SIGSTOP)
		})
		b.until("the gate closes", func() bool { return !gateOpen(b.live().Sets) })
		unix.Kill(workers[0], unix.SIGCONT)
		b.ended(s.ID, RolledBack, "no confirmation")
		b.runs(first)
	})
}

// F09: without a guardian nothing is changed.
func TestNoGuardianNoChange(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first := letting(22)
		b.apply(first)
		for _, guardian := range [][]string{{"/bin/false"}, {"/nonexistent"}} {
			req := b.request(letting(22, 80), time.Second)
			req.Guardian = guardian
			if _, err := Start(t.Context(), b.k, b.paths, req); err == nil || !strings.Contains(err.Error(), "guardian") {
				t.Errorf("%v: %v", guardian, err)
			}
		}
		b.runs(first)
		history, err := History(b.paths)
		if err != nil || len(history) != 1 {
			t.Errorf("history: %+v, %v", history, err)
		}
	})
}

// F84: the socket is removed in a trial.
func TestRemovedSocketComesBack(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		_, second, s := trialOver(b)
		if err := os.Remove(b.paths.Run + "/" + socketFile); err != nil {
			t.Fatal(err)
		}
		if _, err := Confirm(t.Context(), b.paths, s.Code, "bob"); err != nil {
			t.Fatal(err)
		}
		b.idle()
		b.runs(second)
	})
}

// M54: nothing changes twice.
func TestSecondApplyOfTheSameChangesNothing(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		want := letting(22, 80)
		b.apply(want)
		s := b.start(want, plenty)
		if s.State != Confirmed {
			t.Errorf("nothing to try, but %+v", s)
		}
		b.idle()
		b.runs(want)
		if n := len(b.live().V4.Chain("filter", "INPUT").Rules); n != 1 {
			t.Errorf("%d hooks", n)
		}
	})
}

// F01, F02: the terminal goes away, or nobody reads it any more. The window
// runs on without it.
func TestTerminalGoesAway(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first := letting(22)
		b.apply(first)
		for name, hangUp := range map[string]bool{"closed": true, "not read": false} {
			console := exec.Command("/proc/self/exe", append([]string{"console", b.paths.State, b.paths.Run}, b.flags...)...)
			terminal, err := pty.Start(console)
			if err != nil {
				needs(t, "a pseudo-terminal: "+err.Error())
			}
			line, err := bufio.NewReaderSize(terminal, 28).ReadString('\n')
			if err != nil {
				t.Fatalf("%s: console: %q, %v", name, line, err)
			}
			if hangUp {
				terminal.Close()
				if err := console.Wait(); err == nil {
					t.Errorf("%s: the console survived", name)
				}
			}
			b.ended(strings.TrimSpace(line), RolledBack, "no confirmation within "+consoleWindow.String())
			b.runs(first)
			if !hangUp {
				console.Process.Kill()
				console.Wait()
				terminal.Close()
			}
		}
	})
}

// F38: a kernel that cannot hold a gate. The guardian does it alone, and says
// so.
func TestWithoutAGate(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		b.flags = append(b.flags, "--gateless")
		first, second := letting(22), letting(22, 80)
		b.apply(first)
		b.runs(first)
		for _, c := range []struct {
			state  State
			want   plan.Target
			window time.Duration
			answer func(s Status)
		}{
			{RolledBack, first, time.Second, func(Status) {}},
			{RolledBack, first, plenty / 2, func(Status) { _, _ = Reject(t.Context(), b.paths, "", "bob") }},
			{RolledBack, first, time.Second, func(Status) { _, workers := b.guardians(); b.kill(workers...) }},
			{Confirmed, second, plenty / 2, func(s Status) { _, _ = Confirm(t.Context(), b.paths, s.Code, "bob") }},
		} {
			s := b.inTime(second, c.window, func(s Status) error {
				if s.DeadMan || !strings.Contains(strings.Join(s.Proof, "\n"), "the guardian process alone holds the rollback") {
					return fmt.Errorf("trial: %+v", s)
				}
				if d := plan.Compare(b.live(), second, plan.Owned(second.Rules)); !d.Empty() {
					return fmt.Errorf("not in force:\n%s", d.Unified())
				}
				c.answer(s)
				return nil
			})
			b.ended(s.ID, c.state, "")
			b.runs(c.want)
		}
	})
}

// A script that applies twice does not meet the guardian of the first time,
// which still sweeps up.
func TestApplyRightAfterApply(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		var want plan.Target
		for i := range 6 {
			want = letting(22, uint16(80+i))
			req := b.request(want, plenty)
			req.Yes = true
			if s, err := Start(t.Context(), b.k, b.paths, req); err != nil || s.State != Confirmed {
				t.Fatalf("apply %d: %+v, %v", i, s, err)
			}
			if d := plan.Compare(b.live(), want, plan.Owned(want.Rules)); !d.Empty() {
				t.Errorf("difference right after apply %d:\n%s", i, d.Unified())
			}
		}
		if err := Teardown(t.Context(), b.k, b.paths); err != nil {
			t.Error(err)
		}
		b.runs(plan.Target{})
	})
}
