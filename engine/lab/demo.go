package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// DemoOptions say what Demo builds and runs.
type DemoOptions struct {
	Lab Options
	// Tables are the files that the command finds in MFWTUI_DIR.
	Tables fs.FS
	// Command is the program with its arguments.
	Command []string
	// Name is what this program is called in the command's search path, where it
	// comes first; empty when it need not be found there.
	Name string
}

// Demo builds a lab with traffic, runs the command on its firewall host, and
// returns the command's exit status (128 and the signal's number when a signal
// ended it). MFWTUI_DIR names a private copy of the tables, MFWTUI_STATE and
// MFWTUI_RUN two empty directories.
//
// All of it stands in new namespaces (user, network, mount, process, host
// name): the command sees a /run of its own and no process outside. When Demo
// ends or is killed, the kernel ends every process in them, and with the last
// one the network, the mounts and the files are gone.
//
// The program must call Stage first thing in main: Demo starts it again inside
// the namespaces. The command shares the terminal, so an interrupt key is its
// business and not Demo's; SIGTERM and SIGHUP are passed on, and the end of
// ctx is a SIGTERM: pass one that an interrupt does not end.
func Demo(ctx context.Context, opts DemoOptions) (int, error) {
	plan, err := newDemoPlan(opts)
	if err != nil {
		return 0, err
	}
	var status int
	for _, mode := range demoModes(os.Geteuid(), os.Getegid()) {
		if status, err = plan.run(ctx, mode); !errors.Is(err, os.ErrPermission) {
			break
		}
	}
	// ENOSPC: too many user namespaces, or none allowed; EINVAL: a kernel
	// without them.
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EINVAL) {
		return 0, fmt.Errorf("make a private network: %w; %s", err, readObstacles().advice())
	}
	return status, err
}

// demoPlan is what the stages need to know, sent to them through a pipe.
type demoPlan struct {
	Lab     Options
	Files   map[string][]byte
	Command []string
	// Program is the file of this program, found by Name; empty for none.
	Program, Name string
	// Terminal says that the command gets the terminal.
	Terminal bool
}

func newDemoPlan(opts DemoOptions) (*demoPlan, error) {
	if len(opts.Command) == 0 {
		return nil, errors.New("demo has no command to run")
	}
	plan := &demoPlan{Lab: opts.Lab, Files: map[string][]byte{}, Command: opts.Command, Terminal: hasTerminal()}
	if opts.Name != "" {
		path, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the program of the demo: %w", err)
		}
		plan.Program, plan.Name = path, opts.Name
	}
	if opts.Tables == nil {
		return plan, nil
	}
	entries, err := fs.ReadDir(opts.Tables, ".")
	if err != nil {
		return nil, fmt.Errorf("read the tables for the demo: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if plan.Files[e.Name()], err = fs.ReadFile(opts.Tables, e.Name()); err != nil {
			return nil, fmt.Errorf("read the tables for the demo: %w", err)
		}
	}
	return plan, nil
}

// demoModes are the ways to get private namespaces, the better one first:
// root makes them outright, anybody else, and root in a container without
// CAP_SYS_ADMIN, inside a user namespace where they are root alone.
func demoModes(euid, egid int) []*syscall.SysProcAttr {
	const namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS
	asRoot := &syscall.SysProcAttr{Cloneflags: namespaces, Pdeathsig: syscall.SIGKILL}
	asUser := &syscall.SysProcAttr{
		Cloneflags:  namespaces | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: euid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: egid, Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	if euid == 0 {
		return []*syscall.SysProcAttr{asRoot, asUser}
	}
	return []*syscall.SysProcAttr{asUser}
}

// run starts the first stage in new namespaces and waits for its end.
func (p *demoPlan) run(ctx context.Context, mode *syscall.SysProcAttr) (int, error) {
	pipes, err := newStagePipes()
	if err != nil {
		return 0, err
	}
	defer pipes.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, selfExe, stageInit)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = pipes.child()
	cmd.SysProcAttr = mode
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = demoPatience

	// The kernel sends Pdeathsig when the thread ends that started the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer passSignals(cmd.Process)()
	report, err := pipes.talk(p)
	waitErr := cmd.Wait()
	if p.Terminal {
		takeTerminal()
	}
	if report != "" {
		return 0, &stageError{report}
	}
	if err != nil {
		return 0, fmt.Errorf("talk to the demo's first process: %w", err)
	}
	return exitStatus(waitErr)
}

// selfExe is the running program, also when its file has been replaced.
const selfExe = "/proc/self/exe"

// demoPatience is how long the command may take to end after a SIGTERM.
const demoPatience = 10 * time.Second

// stageError is what a stage reported before it gave up.
type stageError struct{ text string }

func (e *stageError) Error() string { return e.text }

// Is lets a stage that was refused something count as such: its error came
// through a pipe as text.
func (e *stageError) Is(target error) bool {
	return target == os.ErrPermission &&
		(strings.Contains(e.text, syscall.EPERM.Error()) || strings.Contains(e.text, syscall.EACCES.Error()))
}

func exitStatus(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &exit):
		return 0, err
	}
	return statusOf(exit.Sys().(syscall.WaitStatus)), nil
}

// passSignals hands SIGTERM and SIGHUP on to a process until the returned
// function is called. Interrupts are swallowed: the terminal sends them to the
// command as well.
func passSignals(to *os.Process) (stop func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT)
	go func() {
		for s := range signals {
			if s == syscall.SIGTERM || s == syscall.SIGHUP {
				to.Signal(s)
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}

// stagePipes connect Demo with its stages: the plan goes in, a report of what
// went wrong comes out.
type stagePipes struct {
	planRead, planWrite     *os.File
	reportRead, reportWrite *os.File
}

// The descriptors of the child's ends.
const (
	planFd   = 3
	reportFd = 4
)

func newStagePipes() (p *stagePipes, err error) {
	p = &stagePipes{}
	if p.planRead, p.planWrite, err = os.Pipe(); err != nil {
		return nil, err
	}
	if p.reportRead, p.reportWrite, err = os.Pipe(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *stagePipes) child() []*os.File { return []*os.File{p.planRead, p.reportWrite} }

func (p *stagePipes) close() {
	for _, f := range []*os.File{p.planRead, p.planWrite, p.reportRead, p.reportWrite} {
		if f != nil {
			f.Close()
		}
	}
}

// talk sends the plan and returns the report, which ends when the last stage
// starts the command or dies.
func (p *stagePipes) talk(plan *demoPlan) (report string, err error) {
	p.planRead.Close()
	p.reportWrite.Close()
	text, err := json.Marshal(plan)
	if err != nil {
		return "", err
	}
	_, sendErr := io.Copy(p.planWrite, bytes.NewReader(text))
	p.planWrite.Close()
	out, err := io.ReadAll(p.reportRead)
	if err == nil && len(out) == 0 {
		err = sendErr
	}
	return string(out), err
}
