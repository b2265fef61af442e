package apply

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
)

// TestMain also is the guardian that the tests of this package start: the test
// binary with "guardian" as its first argument.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "guardian" {
		if err := testGuardian(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// testGuardian is what cmd's guardian command does, with a fault put in.
func testGuardian(args []string) error {
	var fault, backend, lockFile string
	fs := flag.NewFlagSet("test guardian", flag.ContinueOnError)
	fs.StringVar(&fault, "fault", "", "")
	fs.StringVar(&backend, "backend", "", "")
	fs.StringVar(&lockFile, "lock-file", "", "")
	end := 0
	for end < len(args) && args[end] != "--" {
		end++
	}
	if err := fs.Parse(args[:end]); err != nil {
		return err
	}
	k := host.NewReal(host.Options{Backend: host.Backend(backend), LockFile: lockFile})
	opt := guardOptions{flows: conntrackTable{}, now: bootClock, fault: faultAt(fault)}
	return guard(context.Background(), k, args[end+1:], opt)
}

// faultAt makes the fault "STEP:KIND" of a guardian: "kill" kills the worker
// before the step, once; "killall" its supervisor with it; "err" fails the
// step, "panic" panics there.
func faultAt(text string) func(step string) error {
	step, kind, ok := strings.Cut(text, ":")
	if !ok {
		return nil
	}
	// A worker that takes over carries the flag too, and must not die of it.
	resumed := strings.Contains(strings.Join(os.Args, " "), "--resume")
	return func(at string) error {
		if at != step || resumed {
			return nil
		}
		switch kind {
		case "kill":
			unix.Kill(os.Getpid(), unix.SIGKILL)
		case "killall":
			unix.Kill(os.Getppid(), unix.SIGKILL)
			unix.Kill(os.Getpid(), unix.SIGKILL)
		case "panic":
			panic("fault")
		}
		return fmt.Errorf("injected fault")
	}
}
