package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
)

// version is set by the linker.
var version = "unknown"

// gcPercent lets the heap grow to five times what is live before it is
// collected. A command lives for milliseconds: show of 10,000 rows takes 108 ms
// of processor time and 50 MB instead of 140 ms and 40 MB (measured).
const gcPercent = 400

func main() {
	debug.SetGCPercent(gcPercent)
	host.CleanEnvironment()
	// A stage of the demo is this program again, inside its namespaces.
	if staged, status := lab.Stage(os.Args[1:]); staged {
		os.Exit(status)
	}
	os.Exit(run(os.Args[1:]))
}

// run runs one command line and returns the exit status.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(newTerm(os.Stdin, os.Stdout, os.Stderr))
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	var answer exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &answer):
		return int(answer)
	case !errors.Is(err, errSaid):
		printError(os.Stderr, err)
	}
	return failureStatus(cmd)
}

// exitStatus ends a command with a status that is an answer: the command did
// what it should and has nothing more to say.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// exit ends a command with an answer.
func exit(status int) error {
	if status == 0 {
		return nil
	}
	return exitStatus(status)
}

// errSaid ends a command that failed and has said why.
var errSaid = errors.New("the reason was printed")

// oneIsAnAnswer marks a command whose exit status 1 is an answer, so that 2
// has to say that it failed.
const oneIsAnAnswer = "one-is-an-answer"

// failureStatus is the exit status of a command that failed, be it only for
// wrong arguments.
func failureStatus(cmd *cobra.Command) int {
	if _, marked := cmd.Annotations[oneIsAnAnswer]; marked {
		return 2
	}
	return 1
}
