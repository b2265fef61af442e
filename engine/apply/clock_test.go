package apply

import (
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
)

// The clock of a trial is the kernel's time since boot, which nobody can set.
func TestBootClockIsTheTimeSinceBoot(t *testing.T) {
	before := bootClock()
	text, err := os.ReadFile("/proc/uptime") // of CLOCK_BOOTTIME as well
	after := bootClock()
	if err != nil {
		t.Fatal(err)
	}
	uptime, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	const cut = 0.02 // it has two digits
	if uptime < before.Seconds()-cut || uptime > after.Seconds()+cut {
		t.Errorf("the time since boot is %.2f s, the clock says %s before and %s after", uptime, before, after)
	}
}

// Somebody sets the date in the middle of a trial, by minutes or years, to and
// fro: the guardian, and one that takes its journal over, go back at the
// deadline, not earlier and not later, and the old rules are in force then.
func TestDeadlineStandsWhenTheWallClockIsMoved(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, moved := range []time.Duration{-30 * year, -time.Hour, -time.Second, time.Second, time.Hour, 30 * year} {
		t.Run(moved.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, begin := t.TempDir(), time.Now()
				s := &simulation{
					paths: Paths{State: dir + "/state", Run: dir + "/run"},
					k:     &watchedKernel{Fake: host.NewFake()},
					now:   func() time.Duration { return time.Since(begin) + time.Minute },
				}
				if err := s.prepare(); err != nil {
					t.Fatal(err)
				}
				w := &worker{txn: s.txn(), requests: make(chan request)}
				w.j = journal{ID: s.id, Generation: s.id, State: Prepared, Timeout: 30 * time.Second, Since: time.Now(), MarkBit: defaultMark}
				if err := w.recoverFirst(context.Background(), w); err != nil {
					t.Fatal(err)
				}
				// To a clock that jumped, every note of the wall clock is off.
				w.j.Since = w.j.Since.Add(-moved)
				for _, step := range []struct {
					sleep time.Duration
					want  string
				}{
					{0, "wait"},
					{w.j.Timeout - time.Millisecond, "wait"},
					{time.Millisecond, "undo: no confirmation within 30s"},
				} {
					time.Sleep(step.sleep)
					if got := actionText(decide(w.j, w.now(), passed{})); got != step.want {
						t.Errorf("after %s more: %s, want %s", step.sleep, got, step.want)
					}
				}
				w.end(context.Background(), decide(w.j, w.now(), passed{}), func(err error) {
					if err != nil {
						t.Error(err)
					}
				})
				if complaint := s.judge(script{}); complaint != "" {
					t.Error(complaint)
				}
			})
		})
	}
}
