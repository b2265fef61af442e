package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// needKernel skips a test that cannot make namespaces here, with the reason.
func needKernel(t testing.TB) {
	t.Helper()
	ns, err := NewNamespace()
	if err == nil {
		ns.Close()
		return
	}
	if os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
		t.Fatalf("kernel tests must run here: %v", err)
	}
	t.Skipf("needs root, or a user namespace: %v", err)
}

func newNamespace(t testing.TB) *Namespace {
	t.Helper()
	ns, err := NewNamespace()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ns.Close() })
	return ns
}

func threadNamespace(t testing.TB) string {
	t.Helper()
	link, err := os.Readlink(threadNS)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestNamespaceIsEmptyButForLo(t *testing.T) {
	needKernel(t)
	ns := newNamespace(t)
	err := ns.Do(func() error {
		ifaces, err := net.Interfaces()
		if err != nil {
			return err
		}
		if len(ifaces) != 1 || ifaces[0].Flags&net.FlagUp == 0 {
			return fmt.Errorf("interfaces are %v, want lo alone and up", ifaces)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDoFromManyGoroutinesStaysInItsNamespace(t *testing.T) {
	needKernel(t)
	a, b := newNamespace(t), newNamespace(t)
	seen := map[*Namespace]string{}
	for _, ns := range []*Namespace{a, b} {
		ns.Do(func() error { seen[ns] = threadNamespace(t); return nil })
	}
	if seen[a] == seen[b] || seen[a] == threadNamespace(t) {
		t.Fatalf("namespaces are not separate: %v", seen)
	}
	var wg sync.WaitGroup
	for i := range 40 {
		ns := []*Namespace{a, b}[i%2]
		wg.Go(func() {
			err := ns.Do(func() error {
				runtime.Gosched()
				if got := threadNamespace(t); got != seen[ns] {
					return fmt.Errorf("Do %d ran in %s, want %s", i, got, seen[ns])
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestProgramsInheritTheNamespace(t *testing.T) {
	needKernel(t)
	ns := newNamespace(t)
	var want string
	ns.Do(func() error { want = threadNamespace(t); return nil })
	got, err := ns.Run(t.Context(), "readlink", "/proc/self/ns/net")
	if err != nil || strings.TrimSpace(got) != want {
		t.Errorf("program ran in %q (%v), want %q", got, err, want)
	}
	if _, err := ns.Run(t.Context(), "sh", "-c", "echo why >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("error of a failed program is %v, want its standard error in it", err)
	}
}

func TestDoReturnsErrorsAndSurvivesGoexit(t *testing.T) {
	needKernel(t)
	ns := newNamespace(t)
	want := errors.New("mine")
	if err := ns.Do(func() error { return want }); err != want {
		t.Errorf("Do returned %v, want the error of f", err)
	}
	if err := ns.Do(func() error { runtime.Goexit(); return nil }); err == nil {
		t.Error("Do hid that f never returned")
	}
	ns.Close()
	if err := ns.Do(func() error { return nil }); err != ErrClosed {
		t.Errorf("Do after Close returned %v, want ErrClosed", err)
	}
}

func TestSysctlOutsideOfNetIsRefused(t *testing.T) {
	needKernel(t)
	ns := newNamespace(t)
	if err := ns.SetSysctl("kernel/hostname", "x"); err == nil {
		t.Error("a sysctl of the whole machine was accepted")
	}
	if err := ns.SetSysctl("net/ipv4/ip_forward", "1"); err != nil {
		t.Error(err)
	}
}

func TestCableCarriesBothFamiliesAtOnce(t *testing.T) {
	needKernel(t)
	a, b := newNamespace(t), newNamespace(t)
	err := Cable(
		End{a, "east", Prefixes("10.9.0.1/24 fd09::1/64")},
		End{b, "west", Prefixes("10.9.0.2/24 fd09::2/64")})
	if err != nil {
		t.Fatal(err)
	}
	for _, dst := range []string{"10.9.0.2", "fd09::2"} {
		// A closed port answers at once; what counts is that the answer came.
		err := a.Do(func() error {
			_, err := net.DialTimeout("tcp", netip.AddrPortFrom(netip.MustParseAddr(dst), 9).String(), time.Minute)
			return err
		})
		if !errors.Is(err, unix.ECONNREFUSED) {
			t.Errorf("connect to %s: %v, want connection refused", dst, err)
		}
	}
}
