package plan_test

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"golang.org/x/sys/unix"
)

// bigTarget makes n rules for each family, in pair chains of 20 zones.
func bigTarget(n int) plan.Target {
	g := generator{rs: &ruleset.Ruleset{Sets: ruleset.Sets{}}}
	for _, f := range ruleset.Families() {
		base := netip.MustParseAddr(map[ruleset.Family]string{ruleset.V4: "10.0.0.0", ruleset.V6: "fd00::"}[f])
		for zone := range 20 {
			chain := fmt.Sprintf("z%d_inp", zone)
			g.chain(f, ruleset.Filter, ruleset.RootInput, &ruleset.Rule{In: ruleset.Iface{Name: fmt.Sprintf("eth%d", zone)}, Target: ruleset.Jump{Chain: chain}})
			for i := zone; i < n; i += 20 {
				port := ruleset.Port(uint16(1 + i%60000))
				base = base.Next()
				g.chain(f, ruleset.Filter, chain, &ruleset.Rule{
					Src:   ruleset.Net{Prefix: netip.PrefixFrom(base, base.BitLen())},
					Proto: ruleset.Proto{Num: ruleset.TCP}, Matches: []ruleset.Match{ruleset.MatchPorts{Dst: &port}}, Target: ruleset.Accept,
				})
			}
			g.chain(f, ruleset.Filter, chain)
		}
		g.hook(f, ruleset.Filter, ruleset.Input, ruleset.RootInput)
	}
	return target(g.rs)
}

// oneRowLess is the target without one rule of each family.
func oneRowLess(n int) plan.Target {
	want := bigTarget(n)
	for _, f := range ruleset.Families() {
		c := want.Rules.Tables(f).Chain(ruleset.Filter, "z7_inp")
		c.Rules = c.Rules[:max(0, len(c.Rules)-1)]
	}
	return want
}

var sizes = []int{10, 100, 1000, 10000}

func BenchmarkCompareOneRow(b *testing.B) {
	for _, n := range sizes {
		live, want := plan.After(&ruleset.Ruleset{}, bigTarget(n), plan.Ownership{}), oneRowLess(n)
		own := recorded(want)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plan.Compare(live, want, own)
			}
		})
	}
}

func BenchmarkCompareEverythingElse(b *testing.B) {
	for _, n := range sizes {
		live, want := plan.After(&ruleset.Ruleset{}, bigTarget(n), plan.Ownership{}), bigTarget(n)
		for _, f := range ruleset.Families() {
			for _, c := range want.Rules.Tables(f).Table(ruleset.Filter).Chains {
				for _, r := range c.Rules {
					r.Out.Name, r.ID = "eth99", "x"
				}
			}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = plan.Compare(live, want, plan.Ownership{}).Unified()
			}
		})
	}
}

func BenchmarkStageAndConfirmOneRow(b *testing.B) {
	for _, n := range sizes {
		live, want := plan.After(&ruleset.Ruleset{}, bigTarget(n), plan.Ownership{}), oneRowLess(n)
		own := recorded(want)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			bytes := 0
			for b.Loop() {
				stage, err := plan.Stage(live, want, own, bit)
				if err != nil {
					b.Fatal(err)
				}
				confirm, err := plan.Confirm(live, want, own)
				if err != nil {
					b.Fatal(err)
				}
				bytes = 0
				for _, p := range append(stage, confirm...) {
					bytes += len(p.Sets) + len(p.V4) + len(p.V6)
				}
			}
			b.ReportMetric(float64(bytes), "text-bytes")
		})
	}
}

func BenchmarkFingerprint(b *testing.B) {
	for _, n := range sizes {
		live := plan.After(&ruleset.Ruleset{}, bigTarget(n), plan.Ownership{})
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				plan.Fingerprint(live, plan.Ownership{})
			}
		})
	}
}

// BenchmarkKernelOneRow measures a one-row change of 1,000 rules, staged,
// flipped and confirmed, with both families at once as the host loads them,
// against a bare full restore of the same rules, one family after the other.
// The cleanup destroys the gate's sets when everything is in force: each takes
// the kernel a grace period, about 10 ms.
func BenchmarkKernelOneRow(b *testing.B) {
	for _, backend := range []string{"nft", "legacy"} {
		b.Run(backend, func(b *testing.B) {
			needKernel(b, backend)
			runtime.LockOSThread() // the thread ends with its namespace
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				b.Fatal(err)
			}
			k := kernelBed{backend}
			want, less := bigTarget(1000), oneRowLess(1000)
			own := recorded(want)
			load(b, k, must(b)(plan.Confirm(read(b, k), want, own)))
			bare := fullRestore(b, want)
			var full, change, cleanup time.Duration
			for b.Loop() {
				start := time.Now()
				load(b, k, plan.Steps{{V4: bare.V4}, {V6: bare.V6}})
				full += time.Since(start)

				live := read(b, k)
				start = time.Now()
				load(b, k, must(b)(plan.Stage(live, less, own, bit)))
				load(b, k, plan.Steps{plan.Arm(30), plan.Hold()})
				change += time.Since(start)
				live = read(b, k)
				start = time.Now()
				confirm := must(b)(plan.Confirm(live, less, own))
				last := len(confirm) - 1
				load(b, k, confirm[:last])
				change += time.Since(start)
				start = time.Now()
				load(b, k, confirm[last:])
				cleanup += time.Since(start)
			}
			b.ReportMetric(full.Seconds()*1000/float64(b.N), "ms-bare-restore")
			b.ReportMetric(change.Seconds()*1000/float64(b.N), "ms-change")
			b.ReportMetric(cleanup.Seconds()*1000/float64(b.N), "ms-cleanup")
			b.ReportMetric(change.Seconds()/full.Seconds(), "ratio")
		})
	}
}

// fullRestore is the text that loads every chain of a target.
func fullRestore(b *testing.B, want plan.Target) plan.Payload {
	v4, err4 := want.Rules.RestoreText(ruleset.V4)
	v6, err6 := want.Rules.RestoreText(ruleset.V6)
	if err := errors.Join(err4, err6); err != nil {
		b.Fatal(err)
	}
	return plan.Payload{V4: withoutHooks(v4), V6: withoutHooks(v6)}
}

// withoutHooks leaves out the hooks, which a second load would double.
func withoutHooks(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "-I ") {
			out.WriteString(line)
		}
	}
	return out.String()
}
