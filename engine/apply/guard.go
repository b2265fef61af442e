package apply

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/mfwtui/mfwtui/engine/host"
)

// The two processes of a guardian. The supervisor does nothing but start the
// worker again; the worker does everything else and needs no supervisor.
const (
	roleSupervisor = "supervisor"
	roleWorker     = "worker"
)

// The descriptors that a guardian inherits.
const (
	linkFd = 3 // to the console that started it; the first worker only
	lockFd = 4 // the transaction lock, already held; the worker
)

// guardArgs are the arguments of a guardian process.
type guardArgs struct {
	role   string
	paths  Paths
	tx     string
	resume bool // continue from the journal
	undo   bool // continue, and roll back now
}

func (a guardArgs) list() []string {
	list := []string{"--role=" + a.role, "--state=" + a.paths.State, "--run=" + a.paths.Run, "--tx=" + a.tx}
	if a.resume {
		list = append(list, "--resume")
	}
	if a.undo {
		list = append(list, "--undo")
	}
	return list
}

func parseGuardArgs(args []string) (guardArgs, error) {
	var a guardArgs
	fs := flag.NewFlagSet("guardian", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&a.role, "role", "", "")
	fs.StringVar(&a.paths.State, "state", "", "")
	fs.StringVar(&a.paths.Run, "run", "", "")
	fs.StringVar(&a.tx, "tx", "", "")
	fs.BoolVar(&a.resume, "resume", false, "")
	fs.BoolVar(&a.undo, "undo", false, "")
	if err := fs.Parse(args); err != nil {
		return a, fmt.Errorf("guardian: %w", err)
	}
	if fs.NArg() > 0 || a.paths.State == "" || a.paths.Run == "" || !validID(a.tx) {
		return a, errors.New("guardian: not to be started by hand; apply starts it")
	}
	return a, nil
}

// Guard is the guardian process: it never returns before the transaction has
// ended. Args are what Start appended to Request.Guardian.
func Guard(ctx context.Context, k host.Kernel, args []string) error {
	// Nothing that ends the caller ends a transaction.
	ctx = context.WithoutCancel(ctx)
	return guard(ctx, k, args, guardOptions{flows: conntrackTable{}, now: bootClock})
}

// guardOptions are what tests replace.
type guardOptions struct {
	flows flowTable
	now   clock
	fault func(step string) error
}

func guard(ctx context.Context, k host.Kernel, args []string, opt guardOptions) error {
	a, err := parseGuardArgs(args)
	if err != nil {
		return err
	}
	detach()
	switch a.role {
	case roleSupervisor:
		return supervise(a, args)
	case roleWorker:
		return work(ctx, k, a, opt)
	}
	return fmt.Errorf("guardian: no role %q", a.role)
}
