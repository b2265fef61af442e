package host

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// policy is a rule text of n rules in chains of 50.
func policy(f ruleset.Family, n int) string {
	var chains, rules strings.Builder
	for i := range n {
		if i%50 == 0 {
			fmt.Fprintf(&chains, ":zone%d - [0:0]\n", i/50)
		}
		addr := fmt.Sprintf("10.%d.%d.%d/32", i>>16, i>>8&255, i&255)
		if f == ruleset.V6 {
			addr = fmt.Sprintf("2001:db8::%x/128", i)
		}
		fmt.Fprintf(&rules, "-A zone%d -s %s -p tcp -m tcp --dport %d -m comment --comment mfw:r%06x -j ACCEPT\n", i/50, addr, 1+i%65535, i)
	}
	return "*filter\n" + chains.String() + rules.String() + "COMMIT\n"
}

// BenchmarkRead reads both families and the sets. Its metric "ratio" is the
// time against that of the bare programs one after the other, "atonce" against
// the same programs started together.
func BenchmarkRead(b *testing.B) {
	for _, backend := range []Backend{NFT, Legacy} {
		for _, n := range []int{10, 100, 1000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", backend, n), func(b *testing.B) {
				enterNamespace(b)
				k := NewReal(Options{Backend: backend})
				if err := k.RestoreBoth(b.Context(), policy(ruleset.V4, n), policy(ruleset.V6, n)); err != nil {
					b.Fatal(err)
				}
				one, atOnce := bareSaves(b, backend)
				b.ReportAllocs()
				started := time.Now()
				for b.Loop() {
					if _, err := k.Read(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				took := time.Since(started) / time.Duration(b.N)
				b.ReportMetric(float64(took)/float64(one), "ratio")
				b.ReportMetric(float64(took)/float64(atOnce), "atonce")
			})
		}
	}
}

// bareSaves measures the three programs with nobody reading their output, one
// after the other and together: the mean of ten runs.
func bareSaves(b *testing.B, backend Backend) (one, atOnce time.Duration) {
	const runs = 10
	commands := func() []*exec.Cmd {
		return []*exec.Cmd{
			exec.Command("/usr/sbin/iptables-"+string(backend)+"-save", "-c"),
			exec.Command("/usr/sbin/ip6tables-"+string(backend)+"-save", "-c"),
			exec.Command("/usr/sbin/ipset", "save"),
		}
	}
	check := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	for range runs {
		started := time.Now()
		for _, c := range commands() {
			check(c.Run())
		}
		one += time.Since(started) / runs
		started = time.Now()
		all := commands()
		for _, c := range all {
			check(c.Start())
		}
		for _, c := range all {
			check(c.Wait())
		}
		atOnce += time.Since(started) / runs
	}
	return one, atOnce
}

// BenchmarkRestore loads into 1,000 rules that are there: "add" makes a new
// chain with one rule, "rewrite" declares and fills one that exists, "full"
// rewrites everything. With nft the program of a load that deletes rules does
// not end before a grace period of the kernel is over, some 10 ms.
func BenchmarkRestore(b *testing.B) {
	for _, backend := range []Backend{NFT, Legacy} {
		for _, what := range []string{"add", "rewrite", "full"} {
			b.Run(string(backend)+"/"+what, func(b *testing.B) {
				enterNamespace(b)
				k := NewReal(Options{Backend: backend})
				full4, full6 := policy(ruleset.V4, 1000), policy(ruleset.V6, 1000)
				if err := k.RestoreBoth(b.Context(), full4, full6); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					v4, v6 := full4, full6
					switch n++; what {
					case "add":
						v4 = fmt.Sprintf("*filter\n:new%d - [0:0]\n-A new%d -j ACCEPT\nCOMMIT\n", n, n)
						v6 = v4
					case "rewrite":
						v4 = "*filter\n:zone3 - [0:0]\n-A zone3 -j ACCEPT\nCOMMIT\n"
						v6 = v4
					}
					if err := k.RestoreBoth(b.Context(), v4, v6); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkProbe(b *testing.B) {
	enterNamespace(b)
	k := NewReal(Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Probe(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFakeRestore(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text := policy(ruleset.V4, n)
			b.ReportAllocs()
			for b.Loop() {
				if err := NewFake().Restore(b.Context(), ruleset.V4, text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
