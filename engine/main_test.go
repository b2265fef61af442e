package engine_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
)

// TestMain also is the guardian that the tests of this package start: the test
// binary with "guardian" as its first argument, then the flags of guardian,
// "--", and what apply appends.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "guardian" {
		if err := guard(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
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
