package apply

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// manyRules is a ruleset of n rules for each family in twenty chains, as the
// compiler lays them out; changed differs in one rule.
func manyRules(n int, changed bool) plan.Target {
	target := letting(22)
	for _, f := range ruleset.Families() {
		filter := target.Rules.Tables(f).Ensure(ruleset.Filter)
		forward := filter.Ensure(ruleset.RootForward)
		forward.Rules = nil
		for i := range 20 {
			zone := filter.Ensure(fmt.Sprintf("z%d_fwd", i))
			forward.Append(&ruleset.Rule{ID: fmt.Sprintf("zone%d", i), In: ruleset.Iface{Name: fmt.Sprintf("eth%d", i)}, Target: ruleset.Jump{Chain: zone.Name}})
			for k := range n / 20 {
				zone.Append(hostRule(f, i*n/20+k, uint16(1000+k)))
			}
		}
		forward.Append(&ruleset.Rule{ID: "rest", Target: ruleset.Drop})
		if changed {
			filter.Chain("z7_fwd").Rules[3] = hostRule(f, 5, 9999)
		}
	}
	return target
}

func hostRule(f ruleset.Family, host int, port uint16) *ruleset.Rule {
	a := netip.AddrFrom4([4]byte{10, byte(host >> 16), byte(host >> 8), byte(host)})
	if f == ruleset.V6 {
		a = netip.AddrFrom16([16]byte{0: 0xfd, 13: byte(host >> 16), 14: byte(host >> 8), 15: byte(host)})
	}
	r := accept(fmt.Sprintf("%08x", host), ruleset.TCP, nil, &port)
	r.Src = ruleset.Net{Prefix: netip.PrefixFrom(a, a.BitLen())}
	return r
}

// TestOneRowOfAThousand measures what a change of one row costs beside the bare
// tools that load everything. The rehearsal is not counted: it runs beside the
// start of the guardian.
func TestOneRowOfAThousand(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		before, after := manyRules(1000, false), manyRules(1000, true)
		b.apply(before)
		var took, bare time.Duration
		const rounds = 5
		for i := range rounds {
			want := after
			if i%2 == 1 {
				want = before
			}
			bare += b.bareRestore(want)
			req := b.request(want, 10*time.Second)
			req.Yes = true
			begin := time.Now()
			r := rehearse(t.Context(), b.k, req)
			rehearsal := time.Since(begin)
			begin = time.Now()
			s, err := Start(t.Context(), b.k, b.paths, req)
			whole := time.Since(begin)
			if err != nil || r.err != nil {
				t.Fatal(err, r.err)
			}
			took += whole - rehearsal
			var sum time.Duration
			var text []string
			for _, p := range s.Phases {
				sum += p.Took
				text = append(text, fmt.Sprintf("%s %.1f", p.Name, p.Took.Seconds()*1e3))
			}
			t.Logf("whole %v, rehearsal %v, guardian %v: %s", whole, rehearsal, sum, strings.Join(text, ", "))
			b.idle()
			b.runs(want)
		}
		t.Logf("one row: %v, bare restore of everything: %v", took/rounds, bare/rounds)
	})
}

// bareRestore loads everything with the two tools, one after the other, in a
// scratch namespace, and tells how long the tools took.
func (b *bed) bareRestore(want plan.Target) time.Duration {
	b.t.Helper()
	var took time.Duration
	files, err := renderTarget(want)
	if err != nil {
		b.t.Fatal(err)
	}
	script := "ipset restore <<'E'\n" + string(files[setsFile]) + "E\n"
	script += "s=$(date +%s%N)\n"
	for _, f := range ruleset.Families() {
		tool := map[ruleset.Family]string{ruleset.V4: "iptables-", ruleset.V6: "ip6tables-"}[f] + string(b.backend) + "-restore"
		script += tool + " <<'E'\n" + string(files[rulesFile(f)]) + "E\n"
	}
	script += "echo $((($(date +%s%N) - s)))\n"
	cmd := exec.Command("unshare", "-n", "sh", "-c", "XTABLES_LOCKFILE=$0; export XTABLES_LOCKFILE; ip link set lo up; sh -s", b.paths.Run+"/bare.lock")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	var ns int64
	if _, scan := fmt.Sscan(strings.TrimSpace(string(out)), &ns); err != nil || scan != nil {
		b.t.Fatalf("bare restore: %v, %s", err, out)
	}
	took = time.Duration(ns)
	return took
}
