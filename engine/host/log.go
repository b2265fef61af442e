package host

import (
	"bytes"
	"context"
	"time"
)

// Logged is a Runner that reports each program run to log after its end, from
// the goroutine that waited.
func Logged(r Runner, log func(Command)) Runner { return logged{r, log} }

type logged struct {
	Runner
	log func(Command)
}

func (l logged) Start(ctx context.Context, c Cmd) Wait {
	run := Command{
		Args:    append([]string{c.Tool}, c.Args...),
		Input:   len(c.Stdin),
		Started: time.Now(),
	}
	wait := l.Runner.Start(ctx, c)
	return func() ([]byte, error) {
		out, err := wait()
		run.Took = time.Since(run.Started)
		run.Lines = bytes.Count(out, []byte("\n"))
		if err != nil {
			run.Status, run.Err = -1, err.Error()
		}
		if e := asExec(err); e != nil {
			run.Status = e.Status
		}
		l.log(run)
		return out, err
	}
}
