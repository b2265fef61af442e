package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sh runs a shell script through the seam: the shell is only a program here
// that can be made to do anything.
func sh(ctx context.Context, s *System, script string) (string, error) {
	out, err := s.Start(ctx, Cmd{Tool: "sh", Args: []string{"-c", script}})()
	return string(out), err
}

func TestProgramsGetACleanEnvironment(t *testing.T) {
	t.Setenv("XTABLES_LIBDIR", "/tmp/evil")
	t.Setenv("LD_PRELOAD", "/tmp/evil.so")
	out, err := (&System{LockFile: "/run/lab.lock"}).Start(t.Context(), Cmd{Tool: "env"})()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	want := []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TZ=UTC", "XTABLES_LOCKFILE=/run/lab.lock"}
	if !slices.Equal(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}
}

func TestInputAndOutputGoThrough(t *testing.T) {
	in := strings.Repeat("0123456789abcdef\n", 100_000)
	out, err := (&System{Timeout: time.Minute}).Start(t.Context(), Cmd{Tool: "cat", Stdin: in})()
	if err != nil || string(out) != in {
		t.Errorf("cat gave %d bytes of %d, error %v", len(out), len(in), err)
	}
}

func TestADeadlineKillsTheProgramWithItsChildren(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	pid := 0
	// A slow machine may need more time until the child is there.
	for limit := 300 * time.Millisecond; pid == 0 && limit < time.Minute; limit *= 3 {
		_, err := sh(t.Context(), &System{Timeout: limit}, "sleep 600 & echo $! >"+pidFile+"; wait")
		if !IsTimeout(err) {
			t.Fatalf("error %v, want a timeout", err)
		}
		if want := "sh: killed: context deadline exceeded"; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
		text, _ := os.ReadFile(pidFile)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if pid == 0 {
		t.Fatal("the program never had a child")
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	t.Errorf("the child %d still runs", pid)
}

func TestACallerThatGivesUpKillsTheProgram(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	wait := (&System{}).Start(ctx, Cmd{Tool: "sleep", Args: []string{"60"}})
	cancel()
	if _, err := wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context was cancelled", err)
	}
}

func TestEndlessOutputIsRefused(t *testing.T) {
	out, err := (&System{Timeout: time.Minute, MaxOutput: 1 << 20}).Start(t.Context(), Cmd{Tool: "yes"})()
	if !errors.Is(err, errTooMuchOutput) {
		t.Errorf("error %v, want %v", err, errTooMuchOutput)
	}
	if len(out) != 1<<20 {
		t.Errorf("kept %d bytes, want %d", len(out), 1<<20)
	}
}

func TestEndlessMessagesAreCutAndDoNotBlock(t *testing.T) {
	_, err := sh(t.Context(), &System{Timeout: time.Minute}, "yes 'line 7 failed' | head -c 10000000 >&2; exit 2")
	e := asExec(err)
	if e == nil || e.Status != 2 {
		t.Fatalf("error %v, want exit status 2", err)
	}
	if len(e.Stderr) != maxStderr {
		t.Errorf("kept %d bytes of the message, want %d", len(e.Stderr), maxStderr)
	}
}

func TestAGrandchildThatKeepsThePipeDoesNotKeepUs(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	t.Cleanup(func() {
		text, _ := os.ReadFile(pidFile)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	done := make(chan error, 1)
	go func() {
		_, err := sh(t.Context(), &System{Timeout: time.Hour}, "setsid sleep 600 & echo $! >"+pidFile)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Error("the pipe was never closed, and no error said so")
		}
	case <-time.After(2 * time.Minute):
		t.Error("waits for a process that is not ours")
	}
}

func TestAMissingProgramIsToldApart(t *testing.T) {
	_, err := (&System{}).Start(t.Context(), Cmd{Tool: "no-such-tables"})()
	if !IsMissingTool(err) {
		t.Fatalf("error %v, want a missing tool", err)
	}
	want := "no-such-tables: not installed (looked in /usr/sbin, /sbin, /usr/bin, /bin)"
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

// Programs inherit the network namespace of the thread that starts them, and
// waiting may happen anywhere.
func TestProgramsRunInTheNamespaceOfTheThreadThatStartsThem(t *testing.T) {
	outside, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	enterNamespace(t)
	inside, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if inside == outside {
		t.Fatal("the namespace did not change")
	}
	c := Cmd{Tool: "readlink", Args: []string{"/proc/self/ns/net"}}
	for range 50 {
		wait := (&System{}).Start(t.Context(), c)
		got := make(chan string)
		go func() {
			out, err := wait()
			if err != nil {
				out = []byte(err.Error())
			}
			got <- strings.TrimSpace(string(out))
		}()
		if g := <-got; g != inside {
			t.Fatalf("the program ran in %s, want %s", g, inside)
		}
	}
}

// The same for everything that Real runs: rules that are loaded inside must be
// read back inside, many times over, while other threads are outside.
func TestRealStaysInTheNamespaceOfItsCaller(t *testing.T) {
	enterNamespace(t)
	stop := make(chan struct{})
	defer close(stop)
	for range 4 {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.Gosched()
				}
			}
		}()
	}
	k := NewReal(Options{Backend: NFT})
	text := "*filter\n:mfwtest - [0:0]\n-A mfwtest -j ACCEPT\nCOMMIT\n"
	if err := k.RestoreBoth(t.Context(), text, text); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		rs, err := k.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if rs.V4.Chain("filter", "mfwtest") == nil || rs.V6.Chain("filter", "mfwtest") == nil {
			t.Fatal("a program ran outside of the namespace")
		}
	}
}

func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	s := &System{}
	for b.Loop() {
		if _, err := s.Start(b.Context(), Cmd{Tool: "true"})(); err != nil {
			b.Fatal(err)
		}
	}
}
