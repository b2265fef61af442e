package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/plain"
	"github.com/mfwtui/mfwtui/tui/style"
)

// byLines reports whether the console is a conversation by lines: when it is
// asked for, where no screen can be drawn, and in a pipe.
func (a *app) byLines() bool {
	switch {
	case a.plain, !a.isTTY:
		return true
	case style.Dumb(os.Environ()):
		a.note("this terminal cannot move its cursor (TERM is dumb or not set), so this is the plain mode, line by line")
		return true
	}
	return false
}

// talk holds the conversation. A hang-up ends it like the end of the input; a
// trial that runs is its guardian's.
func (a *app) talk(cmd *cobra.Command, e *engine.Engine) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP)
	defer stop()
	err := plain.Run(ctx, e, plain.Options{
		In: a.in, Out: a.out,
		Interactive: term.IsTerminal(int(a.in.Fd())),
		Discard:     func() { discardTyped(a.in) },
		Explain:     a.explainTo,
	})
	if ctx.Err() != nil && cmd.Context().Err() == nil {
		return errSaid // nobody reads any more
	}
	return err
}

// explainTo runs the explain command with these arguments on the tables of this
// console, and takes what it prints.
func (a *app) explainTo(ctx context.Context, words []string, out io.Writer) error {
	t := *a.terminal
	t.out, t.err = out, out
	root := newRoot(&t)
	args := []string{"--dir=" + a.dir}
	if a.node != "" {
		args = []string{"--node=" + a.node}
	}
	args = append(args, "--state="+a.state, "--run="+a.run)
	if a.geo != "" {
		args = append(args, "--geo="+a.geo)
	}
	root.SetArgs(append(append(args, "explain"), words...))
	err := root.ExecuteContext(ctx)
	var answer exitStatus
	if errors.As(err, &answer) || errors.Is(err, errSaid) {
		return nil // it was printed
	}
	return err
}
