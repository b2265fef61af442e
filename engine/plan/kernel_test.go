package plan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"golang.org/x/sys/unix"
)

// kernelBed is the real kernel, in a network namespace of the calling test's
// thread, through the tools of one back end.
type kernelBed struct{ backend string }

// onKernel runs a test in fresh network namespaces, once for each back end.
func onKernel(t *testing.T, test func(t *testing.T, newBed func() kernelBed)) {
	for _, backend := range []string{"nft", "legacy"} {
		t.Run(backend, func(t *testing.T) {
			needKernel(t, backend)
			// The thread keeps its namespace, so it must not be used again.
			runtime.LockOSThread()
			test(t, func() kernelBed {
				if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
					t.Fatal(err)
				}
				return kernelBed{backend}
			})
		})
	}
}

func needKernel(t testing.TB, backend string) {
	t.Helper()
	missing := ""
	if os.Geteuid() != 0 {
		missing = "root"
	}
	for _, tool := range []string{"iptables-" + backend + "-restore", "ip6tables-" + backend + "-restore", "ipset"} {
		if _, err := exec.LookPath("/usr/sbin/" + tool); err != nil {
			missing = "/usr/sbin/" + tool
		}
	}
	switch {
	case missing == "":
	case os.Getenv("MFWTUI_TEST_KERNEL") == "must":
		t.Fatalf("kernel test needs %s", missing)
	default:
		t.Skipf("kernel test needs %s", missing)
	}
}

func (k kernelBed) run(ctx context.Context, stdin, tool string, args ...string) ([]byte, error) {
	return k.start(ctx, stdin, tool, args...)()
}

// start starts a tool and returns what waits for its output. A program gets
// the namespace of the thread that starts it, so every start is made here.
func (k kernelBed) start(ctx context.Context, stdin, tool string, args ...string) func() ([]byte, error) {
	cmd := exec.CommandContext(ctx, "/usr/sbin/"+tool, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Start()
	return func() ([]byte, error) {
		if err == nil {
			err = cmd.Wait()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %s", tool, err, stderr.String())
		}
		return stdout.Bytes(), nil
	}
}

func (k kernelBed) tool(f ruleset.Family, what string) string {
	if f == ruleset.V6 {
		return "ip6tables-" + k.backend + "-" + what
	}
	return "iptables-" + k.backend + "-" + what
}

func (k kernelBed) Restore(ctx context.Context, f ruleset.Family, text string) error {
	_, err := k.run(ctx, text, k.tool(f, "restore"), "--noflush", "--counters", "-w", "5")
	return err
}

// RestoreBoth loads both families at once, as the host does.
func (k kernelBed) RestoreBoth(ctx context.Context, v4, v6 string) error {
	var waits []func() ([]byte, error)
	for f, text := range map[ruleset.Family]string{ruleset.V4: v4, ruleset.V6: v6} {
		if text != "" {
			waits = append(waits, k.start(ctx, text, k.tool(f, "restore"), "--noflush", "--counters", "-w", "5"))
		}
	}
	var errs []error
	for _, wait := range waits {
		_, err := wait()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (k kernelBed) RestoreSets(ctx context.Context, text string) error {
	_, err := k.run(ctx, text, "ipset", "restore")
	return err
}

func (k kernelBed) Read(ctx context.Context) (*ruleset.Ruleset, error) {
	rs := &ruleset.Ruleset{}
	for _, f := range ruleset.Families() {
		out, err := k.run(ctx, "", k.tool(f, "save"), "-c")
		if err != nil {
			return nil, err
		}
		if *rs.Tables(f), err = ruleset.ParseTables(f, out); err != nil {
			return nil, err
		}
	}
	out, err := k.run(ctx, "", "ipset", "save")
	if err != nil {
		return nil, err
	}
	rs.Sets, err = ruleset.ParseSets(out)
	return rs, err
}

// fill puts foreign objects into an empty namespace.
func (k kernelBed) fill(t *testing.T) {
	t.Helper()
	load(t, k, plan.Steps{{Sets: foreignSets, V4: foreign4, V6: foreign6}})
}

func TestTheKernelTakesEveryStepAndEndsAsPredicted(t *testing.T) {
	onKernel(t, func(t *testing.T, newBed func() kernelBed) {
		for seed := range uint64(2) {
			k := newBed()
			k.fill(t)
			foreign := read(t, k)
			own := plan.Ownership{}
			for n, want := range []plan.Target{randomTarget(seed), randomTarget(seed + 500), {}, randomTarget(seed + 900)} {
				live := read(t, k)
				both := recorded(want)
				both.Chains, both.Sets = append(both.Chains, own.Chains...), append(both.Sets, own.Sets...)
				ps := packets(seed, 40)
				predicted := plan.After(live, want, own)
				before, after := verdicts(live, ps), verdicts(predicted, ps)
				tryAndReject(t, k, live, want, own, ps, before, after)
				if n%2 == 0 {
					load(t, k, must(t)(plan.Stage(live, want, own, bit)))
					flip(t, k)
				}
				for _, u := range units(must(t)(plan.Confirm(read(t, k), want, both))) {
					loadUnits(t, k, []unit{u})
					if n%2 == 0 {
						assertVerdicts(t, "confirm", k, ps, after)
					}
				}
				if diff := cmp.Diff(dump(predicted), dump(read(t, k))); diff != "" {
					t.Fatalf("target %d of seed %d does not end as predicted:\n%s", n, seed, diff)
				}
				if d := plan.Compare(read(t, k), want, both); !d.Empty() {
					t.Fatalf("target %d of seed %d:\n%s", n, seed, d.Unified())
				}
				own = recorded(want)
			}
			load(t, k, must(t)(plan.Teardown(read(t, k), own)))
			if diff := cmp.Diff(dump(foreign), dump(read(t, k))); diff != "" {
				t.Fatalf("seed %d: after teardown:\n%s", seed, diff)
			}
		}
	})
}

// tryAndReject stages a target, opens the gate, closes it and cleans up, and
// looks at every moment.
func tryAndReject(t *testing.T, k kernelBed, live *ruleset.Ruleset, want plan.Target, own plan.Ownership, ps []ruleset.Packet, before, after []string) {
	t.Helper()
	for _, u := range units(must(t)(plan.Stage(live, want, own, bit))) {
		loadUnits(t, k, []unit{u})
	}
	assertVerdicts(t, "staged", k, ps, before)
	if got, want := plan.Fingerprint(read(t, k), own), plan.Fingerprint(live, own); got != want {
		t.Fatal("staging changes the fingerprint")
	}
	flip(t, k)
	assertVerdicts(t, "gate open", k, ps, after)
	for _, u := range units(must(t)(plan.Rollback(read(t, k)))) {
		loadUnits(t, k, []unit{u})
		assertVerdicts(t, "rollback", k, ps, before)
	}
	if diff := cmp.Diff(saveAll(live), saveAll(read(t, k))); diff != "" {
		t.Fatalf("after rollback:\n%s", diff)
	}
}

func TestTheOldVerdictsAreBackWhenTheKernelsTimeoutIsOver(t *testing.T) {
	onKernel(t, func(t *testing.T, newBed func() kernelBed) {
		k := newBed()
		k.fill(t)
		a, b := randomTarget(1), randomTarget(2)
		load(t, k, must(t)(plan.Confirm(read(t, k), a, plan.Ownership{})))
		live := read(t, k)
		load(t, k, must(t)(plan.Stage(live, b, recorded(a), bit)))
		ps := packets(1, 40)
		armed := arm(t, k)
		if diff := cmp.Diff(verdicts(plan.After(live, b, recorded(a)), ps), verdicts(armed, ps)); diff != "" {
			t.Fatalf("armed (-want +got):\n%s", diff)
		}
		if _, err := plan.Confirm(armed, b, recorded(a, b)); err != plan.ErrGateNotHeld {
			t.Fatalf("confirm while the gate has a timeout: %v", err)
		}
		for end := time.Now().Add(2 * time.Minute); len(read(t, k).Sets[ruleset.TrialSet].Members) > 0; {
			if time.Now().After(end) {
				t.Fatal("the gate is still open")
			}
		}
		assertVerdicts(t, "timed out", k, ps, verdicts(live, ps))
	})
}

// arm opens the gate for a time, and reads what is there while it is open: a slow
// machine may need a longer time for that.
func arm(t *testing.T, k kernelBed) *ruleset.Ruleset {
	t.Helper()
	for seconds := 1; seconds < 100; seconds *= 3 {
		load(t, k, plan.Steps{plan.Arm(seconds)})
		if rs := read(t, k); len(rs.Sets[ruleset.TrialSet].Members) > 0 {
			return rs
		}
	}
	t.Fatal("the gate does not open")
	return nil
}
