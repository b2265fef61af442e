package engine_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
)

// TestMain also is the guardian that the tests of this package start: the test
// binary with "guardian" as its first argument, then the flags of guardian,
// "--", and what apply appends.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "guardian" {
		// os.Exit would let the race detector sleep for a second.
		if err := guard(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			syscall.Exit(1)
		}
		syscall.Exit(0)
	}
	os.Exit(m.Run())
}

// guardian is the command line of a guardian for a kernel with these options;
// more flags of guard may follow the second word.
func guardian(opts host.Options) []string {
	return []string{"/proc/self/exe", "guardian", "--backend=" + string(opts.Backend), "--lock-file=" + opts.LockFile, "--"}
}

// guard is what the guardian command of cmd/mfwtui does, for a back end that
// the test chooses, and with a fault where the test wants one.
func guard(args []string) error {
	var opts host.Options
	var spoiledFamily string
	own := slices.Index(args, "--")
	if own < 0 {
		return fmt.Errorf("guardian: no -- in %q", args)
	}
	flags := flag.NewFlagSet("guardian", flag.ContinueOnError)
	flags.StringVar((*string)(&opts.Backend), "backend", "", "")
	flags.StringVar(&opts.LockFile, "lock-file", "", "")
	flags.StringVar(&spoiledFamily, "spoil", "", "see spoiled")
	if err := flags.Parse(args[:own]); err != nil {
		return err
	}
	k := host.NewReal(opts)
	if spoiledFamily != "" {
		return apply.Guard(context.Background(), &spoiled{Real: k, family: spoiledFamily}, args[own+1:])
	}
	return apply.Guard(context.Background(), k, args[own+1:])
}

// spoiled is a kernel whose first load of a family fails in its last table,
// after the tool has loaded the tables before it.
type spoiled struct {
	*host.Real
	family string
}

func (k *spoiled) RestoreBoth(ctx context.Context, v4, v6 string) error {
	switch k.family {
	case "v4":
		v4 = spoil(v4)
	case "v6":
		v6 = spoil(v6)
	}
	k.family = ""
	return k.Real.RestoreBoth(ctx, v4, v6)
}

// spoil puts a line that every tool refuses at the end of the last table.
func spoil(text string) string {
	return strings.TrimSuffix(text, "COMMIT\n") + "-A no-such-chain -j ACCEPT\nCOMMIT\n"
}
