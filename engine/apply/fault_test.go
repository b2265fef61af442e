package apply

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/plan"
)

// The steps at which the transaction can be cut off, in their order.
var (
	openingSteps = []string{"read before", "probe", "load generation", "remember", "plan", "journal", "stage", "read back", "verify", "journal trial", "flip", "journal code"}
	keepingSteps = []string{"journal confirming", "hold", "plan confirm", "promote", "rewrite", "verify kept", "forget marks", "sweep up"}
	undoingSteps = []string{"close", "cut flows", "read", "clean", "verify old", "sweep up"}
	firstKnown   = "hold" // the first step at which the journal says yes
)

// F07, F08: whatever dies before whatever step, the kernel ends with the rules
// that would boot, whole, and they are the new ones only if somebody said yes
// and the journal knows it.
func TestDeathAtEveryStep(t *testing.T) {
	for _, kind := range []string{"kill", "killall", "err"} {
		t.Run(kind, func(t *testing.T) {
			onKernel(t, func(t *testing.T, b *bed) {
				first := letting(22)
				b.apply(first)
				for _, step := range openingSteps {
					if b.dieAt(first, step, kind, nil) {
						t.Errorf("%s at %s: confirmed, but nobody said so", kind, step)
					}
				}
				for _, step := range undoingSteps {
					if b.dieAt(first, step, kind, func(Status) { _, _ = Reject(t.Context(), b.paths, "", "bob") }) {
						t.Errorf("%s at %s: confirmed, but rejected", kind, step)
					}
				}
				known := kind == "err"
				for _, step := range keepingSteps {
					known = known || step == firstKnown
					kept := b.dieAt(first, step, kind, func(s Status) { _, _ = Confirm(t.Context(), b.paths, s.Code, "bob") })
					if kept != known && kind == "killall" || known && !kept && step != "journal confirming" && step != "promote" {
						t.Errorf("%s at %s: confirmed %v, want %v", kind, step, kept, known)
					}
				}
			})
		})
	}
}

// dieAt runs one transaction over the old rules with a fault at a step, lets
// recovery do its work, and brings the old rules back for the next one. It
// reports whether the new rules were confirmed. An answer has all the time that it
// may need, silence has little.
func (b *bed) dieAt(old plan.Target, step, kind string, answer func(Status)) (kept bool) {
	b.t.Helper()
	before := b.current()
	want := letting(22, 80)
	window := 400 * time.Millisecond
	if answer != nil {
		window = plenty
	}
	req := b.request(want, window)
	last := len(req.Guardian) - 1
	req.Guardian = append(req.Guardian[:last:last], "--fault="+step+":"+kind, "--")
	s, err := Start(b.t.Context(), b.k, b.paths, req)
	if err == nil && s.State == Trial && answer != nil {
		answer(s)
	}
	if answer != nil {
		b.rejectPending()
	}
	b.idle()
	if _, err := Recover(b.t.Context(), b.k, b.paths); err != nil {
		b.t.Errorf("%s at %s: recover: %v", kind, step, err)
	}
	b.idle()
	kept = b.current() != before
	if kept {
		b.runs(want)
		b.apply(old)
	} else {
		b.runs(old)
	}
	if b.t.Failed() {
		b.t.Fatalf("%s at %s: start gave %+v, %v", kind, step, s, err)
	}
	return kept
}

// rejectPending rejects a trial whose answer died with who got it: nobody waits for
// the end of its window.
func (b *bed) rejectPending() {
	b.t.Helper()
	if _, err := Recover(b.t.Context(), b.k, b.paths); err != nil {
		b.t.Errorf("recover: %v", err)
	}
	if s, pending, err := Query(b.t.Context(), b.paths); err == nil && pending && s.State == Trial {
		_, _ = Reject(b.t.Context(), b.paths, "", "bob")
	}
}

// F15: a worker that panics is replaced like one that was killed.
func TestPanicIsADeath(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first := letting(22)
		b.apply(first)
		if !b.dieAt(first, "rewrite", "panic", func(s Status) { _, _ = Confirm(t.Context(), b.paths, s.Code, "bob") }) {
			t.Error("a yes was forgotten")
		}
	})
}

// sweepStep is the pause between two points of the sweep in milliseconds;
// MFWTUI_TEST_SWEEP=1 tries them all.
func sweepStep() int {
	if n, err := strconv.Atoi(os.Getenv("MFWTUI_TEST_SWEEP")); err == nil && n > 0 {
		return n
	}
	return 25
}

// F03 to F07: kill -9 at any millisecond of the first 200, of the worker, the
// supervisor, or all. The old rules are back after the deadline.
func TestKillSweep(t *testing.T) {
	for _, who := range []string{"worker", "supervisor", "all"} {
		t.Run(who, func(t *testing.T) {
			onKernel(t, func(t *testing.T, b *bed) {
				first := letting(22)
				b.apply(first)
				for ms := 0; ms <= 200; ms += sweepStep() {
					b.killAfter(first, who, time.Duration(ms)*time.Millisecond)
				}
			})
		})
	}
}

func (b *bed) killAfter(old plan.Target, who string, delay time.Duration) {
	b.t.Helper()
	done := make(chan Status)
	go func() {
		s, _ := Start(b.t.Context(), b.k, b.paths, b.request(letting(22, 80), 300*time.Millisecond))
		done <- s
	}()
	time.Sleep(delay)
	supervisors, workers := b.guardians()
	switch who {
	case "worker":
		b.kill(workers...)
	case "supervisor":
		b.kill(supervisors...)
	case "all":
		b.kill(append(supervisors, workers...)...)
	}
	s := <-done
	b.idle()
	// With everybody dead it is the kernel's turn, 2 s after the deadline.
	b.until("the old rules are back", func() bool { return !gateOpen(b.live().Sets) })
	if _, err := Recover(b.t.Context(), b.k, b.paths); err != nil {
		b.t.Errorf("recover: %v", err)
	}
	b.idle()
	b.runs(old)
	if b.t.Failed() {
		b.t.Fatalf("%s killed after %s: start gave %+v", who, delay, s)
	}
}

// F49: confirmed and out of time in the same moment: one of both, everywhere.
func TestConfirmAtTheDeadline(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, second := letting(22), letting(22, 80)
		b.apply(first)
		outcomes := map[State]int{}
		for round := range 12 {
			s := b.inTime(second, 200*time.Millisecond, func(Status) error { return nil })
			time.Sleep(s.Left + time.Duration(round*10-60)*time.Millisecond)
			answer, err := Confirm(t.Context(), b.paths, s.Code, "bob")
			b.idle()
			end := b.wait(s.ID)
			outcomes[end.State]++
			if (b.current() == s.ID) != (end.State == Confirmed) {
				t.Fatalf("round %d: ended as %s, current is %s; confirm said %+v, %v", round, end.State, b.current(), answer, err)
			}
			if err == nil && answer.State == Confirmed && end.State != Confirmed {
				t.Fatalf("round %d: confirm said yes, but it ended as %s", round, end.State)
			}
			if end.State == Confirmed {
				b.runs(second)
				b.apply(first)
			} else {
				b.runs(first)
			}
		}
		t.Logf("outcomes: %v", outcomes)
	})
}

// F20: a copy of the state directory, taken before each step of a
// confirmation, boots the old or the new rules, whole.
func TestPowerLossAroundTheRename(t *testing.T) {
	s := store{t.TempDir()}
	first := put(t, s, 1, letting(22))
	if err := s.promote(first); err != nil {
		t.Fatal(err)
	}
	second := put(t, s, 2, letting(22, 80))
	for _, cut := range []func() error{
		func() error { return nil },
		func() error { return os.Rename(s.pending(currentLink, second), s.dir+"/"+currentLink) },
		func() error { return s.promote(second) },
	} {
		if err := cut(); err != nil {
			t.Fatal(err)
		}
		id := s.linked(currentLink)
		if _, _, err := s.target(id); err != nil || id != first && id != second {
			t.Errorf("current is %q: %v", id, err)
		}
		if previous := s.linked(previousLink); previous != "" && previous != first {
			t.Errorf("previous is %q", previous)
		}
	}
}

// F63 to F66: full and read-only disks.
func TestFullDisks(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		small := func(dir string) {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
				needs(t, "a mount namespace: "+err.Error())
			}
			if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=700"); err != nil {
				needs(t, "a tmpfs: "+err.Error())
			}
			t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
		}
		fill := func(dir string) {
			f, err := os.Create(dir + "/filler")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for err == nil {
				_, err = f.Write(make([]byte, 4096))
			}
		}
		small(b.paths.State)
		small(b.paths.Run)
		first, second := letting(22), letting(22, 80)
		b.apply(first)

		fill(b.paths.State)
		_, err := Start(t.Context(), b.k, b.paths, b.request(second, time.Second))
		if err == nil || !strings.Contains(err.Error(), "no space left on device") {
			t.Errorf("full state directory: %v", err)
		}
		b.idle()
		b.runs(first)
		os.Remove(b.paths.State + "/filler")

		fill(b.paths.Run)
		_, err = Start(t.Context(), b.k, b.paths, b.request(second, time.Second))
		if err == nil || !strings.Contains(err.Error(), "no space left on device") {
			t.Errorf("full run directory: %v", err)
		}
		b.idle()
		b.runs(first)
		os.Remove(b.paths.Run + "/filler")

		// The end of a trial is told, although nothing can be written down.
		s := b.start(second, 3*time.Second)
		fill(b.paths.State)
		fill(b.paths.Run)
		if end := b.wait(s.ID); end.State != RolledBack {
			t.Errorf("silence on full disks: %+v", end)
		}
		b.idle()
		b.runs(first)
		os.Remove(b.paths.State + "/filler")
		os.Remove(b.paths.Run + "/filler")

		s = b.start(second, plenty)
		fill(b.paths.Run)
		longer, err := Extend(t.Context(), b.paths, time.Minute)
		if err == nil || longer.Left > plenty {
			t.Errorf("extended without a journal of it: %+v, %v", longer, err)
		}
		_, err = Confirm(t.Context(), b.paths, s.Code, "bob")
		if err == nil || !strings.HasPrefix(err.Error(), "not confirmed, rolled back: write journal: ") {
			t.Errorf("confirmed without a journal of it: %v", err)
		}
		b.ended(s.ID, RolledBack, "not confirmed: write journal: ")
		b.runs(first)
		os.Remove(b.paths.Run + "/filler")

		s = b.start(second, plenty)
		fill(b.paths.State)
		if s, err := Confirm(t.Context(), b.paths, s.Code, "bob"); err != nil || s.State != Confirmed {
			t.Errorf("confirm on a full disk: %+v, %v", s, err)
		}
		b.idle()
		b.runs(second)
		if b.current() != s.ID {
			t.Error("confirmed, but not what boots")
		}
	})
}

// F24: the journal tells of a deadline in years. Whoever takes over waits no
// longer than the kernel.
func TestDeadlineInTheFarFutureEndsWithTheKernels(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, s := silentTrialOver(b, func(Status) error { b.killGuardians(); return nil })
		j, _, err := readJournal(b.paths)
		if err != nil {
			t.Fatal(err)
		}
		j.Deadline = 1 << 62
		if err := writeJournal(b.paths, j); err != nil {
			t.Fatal(err)
		}
		if _, err := Recover(t.Context(), b.k, b.paths); err != nil {
			t.Errorf("recover: %v", err)
		}
		b.ended(s.ID, RolledBack, "")
		b.runs(first)
	})
}

// F67: what could not be made durable does not count as written: no trial
// without a journal of it, no confirmation without one. What fails after the
// rename is only told.
func TestWithoutFsyncNothingIsBegunAndNothingConfirmed(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first := letting(22)
		b.apply(first)
		for _, c := range []struct {
			step string
			kept bool
		}{{"journal", false}, {"journal trial", false}, {"journal confirming", false}, {"promote", true}} {
			kept := b.dieAt(first, c.step, "nosync", func(s Status) { _, _ = Confirm(t.Context(), b.paths, s.Code, "bob") })
			if kept != c.kept {
				t.Errorf("no fsync from %q on: confirmed %v, want %v", c.step, kept, c.kept)
			}
		}
	})
}

// F44: ipset vanishes in a trial, so that the gate cannot be closed. Nobody is
// told that the old rules are back before they are, and the guardian goes on
// trying.
func TestARollbackThatFailsIsNotToldAsOne(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, _, s := trialOver(b)
		const ipset = "/usr/sbin/ipset"
		if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			needs(t, "a mount namespace: "+err.Error())
		}
		if err := unix.Mount("/dev/null", ipset, "", unix.MS_BIND, ""); err != nil {
			needs(t, "a mount over ipset: "+err.Error())
		}
		_, err := Reject(t.Context(), b.paths, "rejected by bob", "bob")
		if err == nil || !strings.Contains(err.Error(), "the old rules are not back yet: ") || !strings.Contains(err.Error(), "the kernel goes back by itself in ") {
			t.Errorf("reject: %v", err)
		}
		if s, pending, err := Query(t.Context(), b.paths); err != nil || !pending || s.State != Trial {
			t.Errorf("while the new rules are in force: %+v, %v, %v", s, pending, err)
		}
		if err := unix.Unmount(ipset, 0); err != nil {
			t.Fatal(err)
		}
		if !gateOpen(b.live().Sets) {
			t.Error("the gate was closed without ipset")
		}
		b.ended(s.ID, RolledBack, "rejected by bob")
		b.runs(first)
	})
}
