package apply

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
)

// TestMain also is the guardian and the console that the tests of this package
// start: the test binary with "guardian" or "console" as its first argument.
func TestMain(m *testing.M) {
	var role func(args []string) error
	if len(os.Args) > 1 {
		role = map[string]func([]string) error{"guardian": testGuardian, "console": testConsole}[os.Args[1]]
	}
	if role == nil {
		os.Exit(m.Run())
	}
	// os.Exit would let the race detector sleep for a second.
	if err := role(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		syscall.Exit(1)
	}
	syscall.Exit(0)
}

// dieOfHangup ends this process at a hang-up even when whoever started the
// tests ignores it, as nohup does, which children inherit.
func dieOfHangup() {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		<-hangup
		syscall.Exit(129)
	}()
}

// consoleWindow is the window of the trial that testConsole starts.
const consoleWindow = 2 * time.Second

// testConsole starts a trial and then draws for ever: the console whose
// terminal goes away. Its arguments are the paths, and what the guardian gets.
func testConsole(args []string) error {
	dieOfHangup()
	paths := Paths{State: args[0], Run: args[1]}
	k, _, err := kernelOf(args[2:])
	if err != nil {
		return err
	}
	guardian := append([]string{"/proc/self/exe", "guardian"}, args[2:]...)
	s, err := Start(context.Background(), k, paths, Request{
		Want: letting(22, 80), Timeout: consoleWindow, Guardian: append(guardian, "--"),
	})
	if err != nil {
		return err
	}
	fmt.Println(s.ID)
	for {
		fmt.Print(strings.Repeat("x", 80))
	}
}

// kernelOf reads the flags of a test guardian.
func kernelOf(args []string) (host.Kernel, func(step string) error, error) {
	var fault, backend, lockFile string
	var gateless bool
	fs := flag.NewFlagSet("test guardian", flag.ContinueOnError)
	fs.StringVar(&fault, "fault", "", "")
	fs.StringVar(&backend, "backend", "", "")
	fs.StringVar(&lockFile, "lock-file", "", "")
	fs.BoolVar(&gateless, "gateless", false, "")
	if err := fs.Parse(args); err != nil {
		return nil, nil, err
	}
	k := host.NewReal(host.Options{Backend: host.Backend(backend), LockFile: lockFile})
	if gateless {
		return gatelessKernel{k}, faultAt(fault), nil
	}
	return k, faultAt(fault), nil
}

// gatelessKernel is a kernel without what a timed gate needs.
type gatelessKernel struct{ *host.Real }

func (k gatelessKernel) Probe(ctx context.Context) (host.Capabilities, error) {
	c, err := k.Real.Probe(ctx)
	c.DeadMan, c.Missing = false, []string{"ipset list:set with timeout", "xt_set"}
	return c, err
}

// testGuardian is what cmd's guardian command does, with a fault put in.
func testGuardian(args []string) error {
	end := slices.Index(args, "--")
	if end < 0 {
		return errors.New("no --")
	}
	k, fault, err := kernelOf(args[:end])
	if err != nil {
		return err
	}
	return guard(context.Background(), k, args[end+1:], guardOptions{flows: conntrackTable{}, now: bootClock, fault: fault})
}

// faultAt makes the fault "STEP:KIND" of a guardian: "kill" kills the worker
// before the step, once; "killall" its supervisor with it; "err" fails the
// step once, "panic" panics there; "nosync" lets every fsync of the worker fail
// from there on.
func faultAt(text string) func(step string) error {
	step, kind, ok := strings.Cut(text, ":")
	if !ok {
		return nil
	}
	// A worker that takes over carries the flag too, and must not die of it.
	resumed := strings.Contains(strings.Join(os.Args, " "), "--resume")
	done := false
	return func(at string) error {
		if at != step || resumed || done {
			return nil
		}
		done = true
		switch kind {
		case "kill":
			unix.Kill(os.Getpid(), unix.SIGKILL)
		case "killall":
			unix.Kill(os.Getppid(), unix.SIGKILL)
			unix.Kill(os.Getpid(), unix.SIGKILL)
		case "panic":
			panic("fault")
		case "nosync":
			return failSync()
		}
		return fmt.Errorf("injected fault")
	}
}

// failSync lets every fsync of this process fail from now on, by a filter of
// the kernel.
func failSync() error {
	const loadNumber, ifEqual, give = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	program := []unix.SockFilter{
		{Code: loadNumber, K: 0}, // of struct seccomp_data
		{Code: ifEqual, K: unix.SYS_FSYNC, Jf: 1},
		{Code: give, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EIO)},
		{Code: give, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return errno
	}
	return nil
}
