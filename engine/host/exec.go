package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Cmd is one run of a program.
type Cmd struct {
	Tool  string // plain name, such as "iptables-nft-save"; never a path
	Args  []string
	Stdin string
	// Expect is about how many bytes the program will print; 0 when that is
	// not known.
	Expect int
	// Lock is the lock of the legacy tools, when the caller holds it for the
	// program: it stays held for as long as the program runs, even if the
	// caller dies, and the program takes none itself. See holdLock.
	Lock *os.File
}

// String is the command line without its input.
func (c Cmd) String() string { return strings.Join(append([]string{c.Tool}, c.Args...), " ") }

// Runner starts programs.
type Runner interface {
	// Start starts the program on the OS thread that calls it and returns at
	// once. A program inherits the network namespace of the thread that forked
	// it, and a goroutine of its own may run on any thread: so whoever wants
	// several programs at once starts all of them from one goroutine and only
	// waits elsewhere.
	Start(ctx context.Context, cmd Cmd) Wait
}

// Wait gives the standard output of a program that was started, after its end.
// It is called exactly once, from any goroutine. Errors are of type *ExecError.
type Wait func() (stdout []byte, err error)

// System is the Runner that runs programs of this machine. The zero value is
// ready for use.
type System struct {
	// Timeout is the deadline of each program, 10 s when zero. A program that
	// exceeds it is killed with its children.
	Timeout time.Duration
	// MaxOutput bounds the standard output in bytes, 64 MiB when zero. A
	// program that prints more fails.
	MaxOutput int
	// LockFile, when set, is the lock file of the legacy tools. A lab without
	// write access to /run needs one of its own; nobody else does.
	LockFile string
}

const (
	defaultTimeout   = 10 * time.Second
	defaultMaxOutput = 64 << 20
	maxStderr        = 64 << 10
	// A grandchild that keeps our pipe open must not keep us. A machine under
	// load may take longer than a second to copy what a program has written.
	pipeGrace = 5 * time.Second
)

var errTooMuchOutput = errors.New("too much output")

// Start implements Runner.
func (s *System) Start(ctx context.Context, c Cmd) Wait {
	path, err := findTool(c.Tool)
	if err != nil {
		return failed(c, err)
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.Timeout, defaultTimeout))
	stdout := &limited{max: cmp.Or(s.MaxOutput, defaultMaxOutput), strict: true}
	stdout.kept.Grow(min(c.Expect, stdout.max))
	stderr := &limited{max: maxStderr}
	cmd := exec.CommandContext(ctx, path, c.Args...)
	cmd.Env = s.environment()
	cmd.Dir = "/"
	cmd.Stdin = strings.NewReader(c.Stdin)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = pipeGrace
	if err := startHolding(cmd, c.Lock); err != nil {
		cancel()
		return failed(c, err)
	}
	return func() ([]byte, error) {
		defer cancel()
		err := cmd.Wait()
		switch cause := context.Cause(ctx); {
		case stdout.full:
			err = errTooMuchOutput
		case err != nil && cause != nil:
			err = fmt.Errorf("killed: %w", cause)
		}
		if err == nil {
			return stdout.kept.Bytes(), nil
		}
		return stdout.kept.Bytes(), newExecError(c, err, stderr.kept.String())
	}
}

// environment is all that a program gets. The caller's own environment could
// name libraries to load (XTABLES_LIBDIR, LD_PRELOAD) or another lock.
func (s *System) environment() []string {
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC"}
	if s.LockFile != "" {
		env = append(env, lockVariable+"="+s.LockFile)
	}
	return env
}

func failed(c Cmd, err error) Wait {
	return func() ([]byte, error) { return nil, newExecError(c, err, "") }
}

// limited keeps the first max bytes. What follows is thrown away, or, when
// strict, makes the copy fail, which closes the pipe of the program. The buffer
// is not embedded: io.Copy would find its ReadFrom and go past Write.
type limited struct {
	kept   bytes.Buffer
	max    int
	strict bool
	full   bool
}

func (l *limited) Write(p []byte) (int, error) {
	room := min(len(p), l.max-l.kept.Len())
	l.kept.Write(p[:room])
	if l.full = l.full || room < len(p); l.full && l.strict {
		return room, errTooMuchOutput
	}
	return len(p), nil
}
