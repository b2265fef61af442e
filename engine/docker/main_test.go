package docker_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
)

// TestMain also is what the tests start of this package: the guardian of an
// apply, and the first process of an engine's namespaces.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "guardian":
			leave(guard(os.Args[2:]))
		case "engine":
			leave(runEngine(os.Args[2], os.Args[3:]))
		}
	}
	os.Exit(m.Run())
}

// leave ends the process; os.Exit would let the race detector sleep for a
// second.
func leave(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		syscall.Exit(1)
	}
	syscall.Exit(0)
}

// guardian is the command line of a guardian for a kernel with these options.
func guardian(opts host.Options) []string {
	return []string{"/proc/self/exe", "guardian", "--backend=" + string(opts.Backend), "--lock-file=" + opts.LockFile, "--"}
}

// guard is what the guardian command of cmd/mfwtui does, for a back end that
// the test chooses.
func guard(args []string) error {
	var opts host.Options
	own := slices.Index(args, "--")
	if own < 0 {
		return fmt.Errorf("guardian: no -- in %q", args)
	}
	flags := flag.NewFlagSet("guardian", flag.ContinueOnError)
	flags.StringVar((*string)(&opts.Backend), "backend", "", "")
	flags.StringVar(&opts.LockFile, "lock-file", "", "")
	if err := flags.Parse(args[:own]); err != nil {
		return err
	}
	return apply.Guard(context.Background(), host.NewReal(opts), args[own+1:])
}
