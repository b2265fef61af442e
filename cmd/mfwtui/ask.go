package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/words"
)

// question is the one that an apply puts on a terminal.
type question struct {
	*app
	e        *engine.Engine
	code     string
	answered atomic.Bool // a line was read: the cursor has left the question
	seen     *proofs
}

// ask puts the question and waits for the end of the transaction. Nothing but
// the code keeps the rules. A terminal that goes away is no answer, and the
// keys that stop or kill a program do nothing: the countdown would go on
// unseen.
func (a *app) ask(ctx context.Context, e *engine.Engine, st engine.TrialStatus) error {
	keys := make(chan os.Signal, 1)
	signal.Notify(keys, syscall.SIGQUIT, syscall.SIGTSTP)
	defer signal.Stop(keys)
	q := &question{app: a, e: e, code: st.Code, seen: watchProofs(ctx, e, nil)}
	discardTyped(a.in)
	fmt.Fprintf(a.out, "try a new login, then type %s and Enter to keep them; anything else rolls back now\n", st.Code)
	fmt.Fprintf(a.out, "%s > ", q.clock(st))
	go q.read(ctx)
	last, err := a.wait(ctx, e, st.ID, q.tick)
	if !q.answered.Load() {
		fmt.Fprintln(a.out)
	}
	a.printProofs(q.seen)
	return a.ended(last, err)
}

// clock is the guardian's, and what was proved so far, in a fixed width: the
// answer that is being typed stands behind it.
func (q *question) clock(st engine.TrialStatus) string {
	login, denied := "none yet", uint64(0)
	if p := q.seen.latest.Load(); p != nil {
		login = words.LoginState(p)
		for i := range p.Denied {
			denied += p.Denied[i].Packets
		}
	}
	return fmt.Sprintf("rollback in %3ds   new login: %-12s   turned away: %5d", int(st.Left.Round(time.Second).Seconds()), login, denied)
}

// tick shows the clock anew, and leaves the cursor where the answer is being
// typed (DECSC and DECRC, which every terminal since the VT100 knows).
func (q *question) tick(st engine.TrialStatus) {
	if !q.answered.Load() && !style.Dumb(os.Environ()) {
		fmt.Fprintf(q.out, "\x1b7\r%s\x1b8", q.clock(st))
	}
}

// read reads one line and answers the transaction.
func (q *question) read(ctx context.Context) {
	in := bufio.NewScanner(q.in)
	if !in.Scan() {
		q.note("no answer can be typed here any more; confirm from another session: mfwtui confirm %s", q.code)
		return
	}
	q.answered.Store(true)
	var err error
	if strings.EqualFold(strings.TrimSpace(in.Text()), q.code) {
		_, err = q.e.Confirm(ctx, q.code)
	} else {
		_, err = q.e.Reject(ctx)
	}
	if err != nil {
		q.note("%v", err)
	}
}
