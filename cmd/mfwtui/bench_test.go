package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"
	"time"
)

// The benchmarks of this file measure the program as a whole process, against
// the firewall's own tools in the same run. Both sides take turns, so that what
// else the machine does meets both; what is printed are medians over the turns,
// also of the ratio.

// turns is how often each side of a comparison is measured.
const turns = 15

// BenchmarkHelp also looks for an escape byte, which a program that asks the
// terminal for something would write.
func BenchmarkHelp(b *testing.B) {
	bin := program(b)
	for b.Loop() {
		var took []float64
		for range turns {
			began := time.Now()
			t := openTerminal(b, exec.Command(bin, "--help"))
			t.await("flags")
			t.awaitEnd()
			took = append(took, milliseconds(time.Since(began)))
			if i := bytes.IndexByte(t.seen, 0x1b); i >= 0 {
				b.Fatalf("--help writes an escape byte at %d", i)
			}
		}
		report(b, took, "ms/help")
	}
}

func BenchmarkShow(b *testing.B) {
	bin := program(b)
	for _, rows := range []int{1000, 10000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			dir := manyRows(b, rows)
			for b.Loop() {
				var runs usages
				for range turns {
					u, out := measure(b, exec.Command(bin, "-C", dir, "show"), 0)
					if n := bytes.Count(out, []byte("\n-A ")); n < 2*rows {
						b.Fatalf("show printed %d rules of %d", n, 2*rows)
					}
					runs = append(runs, u)
				}
				report(b, runs.wall(), "ms/show")
				report(b, runs.cpu(), "cpu-ms/show")
				report(b, runs.peak(), "MB")
			}
		})
	}
}

// BenchmarkFirstFrame measures from the start of the process to the first frame
// on a terminal that answers no query.
func BenchmarkFirstFrame(b *testing.B) {
	bin := program(b)
	onHosts(b, func(b *testing.B, h benchHost) {
		dir := manyRows(b, 1000)
		h.load(b, bin, dir)
		for b.Loop() {
			var took []float64
			for range turns {
				began := time.Now()
				t := openTerminal(b, h.command(bin, dir))
				t.await("Overview") // the tab of the first page
				took = append(took, milliseconds(time.Since(began)))
				t.kill()
			}
			report(b, took, "ms/frame")
		}
	})
}

// BenchmarkDiff compares with the save commands whose output a difference reads,
// all at once, and the time of show.
func BenchmarkDiff(b *testing.B) {
	bin := program(b)
	onHosts(b, func(b *testing.B, h benchHost) {
		dir := manyRows(b, 1000)
		h.load(b, bin, dir)
		for b.Loop() {
			var saves, show, diff, ratio []float64
			for range turns {
				saves = append(saves, h.saves(b))
				shown, _ := measure(b, h.command(bin, dir, "show"), 0)
				found, _ := measure(b, h.command(bin, dir, "diff"), 0)
				show, diff = append(show, shown.wall), append(diff, found.wall)
				ratio = append(ratio, found.wall/(last(saves)+shown.wall))
			}
			report(b, saves, "ms/saves")
			report(b, show, "ms/show")
			report(b, diff, "ms/diff")
			report(b, ratio, "ratio")
		}
	})
}

// BenchmarkOneRow compares a change of one row among a thousand with one bare
// restore of all rules, one family after the other, as an administrator would
// do it. "ms/change" is what the guardian does after the rehearsal: stage, read
// back, flip, confirm, verify. "ms/apply" is everything but the rehearsal: what
// otherwise runs beside it, generation on disk, start of the guardian, reading
// the kernel, comes first then.
//
// "yes" confirms by itself; "code" is confirmed by a call of its own, and reads
// the kernel a third time then, for the counters of the trial.
//
// With legacy tables the ratio stays above 1: each load copies a whole table out
// of the kernel and in again, however little of it changes. A change loads twice,
// both families at once, and reads twice. The tools alone, with nothing between
// them, take of a bare restore in the same run, on two processors: two loads
// 0.29 and 0.28, two reads 0.26 and 0.25, ipset before and at the flip 0.06 and
// 0.05; together 1.18, and 1.4 with the third read. With nft it is 0.71 and 0.9.
func BenchmarkOneRow(b *testing.B) {
	bin := program(b)
	for _, answer := range []string{"yes", "code"} {
		b.Run(answer, func(b *testing.B) {
			onHosts(b, func(b *testing.B, h benchHost) {
				old := manyRows(b, 1000)
				changed := oneRowChanged(b, old)
				h.load(b, bin, old)
				for b.Loop() {
					h.oneRow(b, bin, [2]string{changed, old}, answer == "yes")
					old, changed = changed, old // the number of turns is odd
				}
			})
		})
	}
}

// oneRow applies two directories in turns, between bare restores.
func (h benchHost) oneRow(b *testing.B, bin string, dirs [2]string, yes bool) {
	var bare, change, whole, ratio []float64
	steps := newPhases()
	for i := range turns {
		bare = append(bare, h.bareRestore(b))
		took, st := h.change(b, bin, dirs[i%2], yes)
		afterwards := sinceRehearsal(b, st.Phases)
		steps.add(afterwards)
		change, whole = append(change, total(afterwards)), append(whole, took)
		ratio = append(ratio, last(change)/last(bare))
	}
	measure(b, h.command(bin, dirs[(turns-1)%2], "diff"), 0)
	report(b, bare, "ms/restore")
	report(b, change, "ms/change")
	report(b, ratio, "ratio")
	report(b, whole, "ms/apply")
	b.Log(steps)
}

// BenchmarkApply measures a change of one row by the whole command, rehearsal
// included. It promises nothing, so it takes few turns.
func BenchmarkApply(b *testing.B) {
	bin := program(b)
	for _, rows := range []int{1000, 10000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			onHosts(b, func(b *testing.B, h benchHost) {
				dirs := []string{manyRows(b, rows), ""}
				dirs[1] = oneRowChanged(b, dirs[0])
				h.load(b, bin, dirs[0])
				for b.Loop() {
					var runs usages
					for i := range 3 {
						u, _ := measure(b, h.command(bin, dirs[(i+1)%2], "apply", "--yes"), 0)
						runs = append(runs, u)
						h.settle(b)
					}
					report(b, runs.wall(), "ms/apply")
				}
			})
		})
	}
}
