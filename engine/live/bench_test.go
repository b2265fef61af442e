package live

import (
	"fmt"
	"os/exec"
	"testing"
	"time"
)

// BenchmarkReadFlows reports how long a dump takes in units of what
// "conntrack -L" needs for the same table.
func BenchmarkReadFlows(b *testing.B) {
	ns := newNamespace(b)
	conn := writer(b, ns)
	made := 0
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for ; made < n; made++ {
				create(b, conn, numbered(made))
			}
			in(b, ns, func() error {
				tool := timeTool(b)
				b.ReportAllocs()
				for b.Loop() {
					if snap, err := ReadFlows(b.Context()); err != nil || snap.Flows.Len() != n {
						return fmt.Errorf("%d flows, want %d: %w", snap.Flows.Len(), n, err)
					}
				}
				each := b.Elapsed() / time.Duration(b.N)
				b.ReportMetric(float64(each)/float64(tool), "×conntrack-L")
				return nil
			})
		})
	}
}

func timeTool(b *testing.B) time.Duration {
	b.Helper()
	began := time.Now()
	if err := exec.Command("conntrack", "-L").Run(); err != nil {
		b.Skipf("needs the conntrack program to compare with: %v", err)
	}
	return time.Since(began)
}

func BenchmarkReplace(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dump := make([]Flow, n)
			for i := range dump {
				dump[i] = counted(uint32(i), uint64(i))
			}
			var table flowTable
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				table.replace(time.Unix(int64(i+1), 0), dump)
				table.snapshot()
			}
		})
	}
}
