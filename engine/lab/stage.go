package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The stages are named by the program's first argument.
const (
	stageInit = "lab:init" // the first process in the namespaces
	stageHost = "lab:host" // builds the lab and runs the command
)

// Stage does the work of a process that Demo started and reports true, or
// reports false at once when args are those of an ordinary call. It must be
// called with the program's arguments before anything else is done.
func Stage(args []string) (staged bool, status int) {
	if len(args) != 1 || args[0] != stageInit && args[0] != stageHost {
		return false, 0
	}
	run := runInit
	if args[0] == stageHost {
		run = runHost
	}
	report := os.NewFile(reportFd, "report")
	unix.CloseOnExec(reportFd)
	status, err := run(report)
	if err == nil {
		return true, status
	}
	if _, failed := report.WriteString(err.Error()); failed != nil {
		fmt.Fprintln(os.Stderr, err) // too late for a report, or called by hand
	}
	return true, 1
}

// runInit is process 1 of the demo: it makes the mounts private, starts the
// next stage and waits for every process that loses its parent. The kernel
// kills what is left when it ends.
func runInit(report *os.File) (int, error) {
	if os.Getpid() != 1 {
		return 0, fmt.Errorf("%s is a part of the demo and is not called by hand", stageInit)
	}
	if err := privateMounts(); err != nil {
		return 0, err
	}
	if err := unix.Sethostname([]byte(Firewall)); err != nil {
		return 0, fmt.Errorf("set host name: %w", err)
	}
	host, err := os.StartProcess(selfExe, []string{os.Args[0], stageHost}, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, os.NewFile(planFd, "plan"), report},
	})
	if err != nil {
		return 0, fmt.Errorf("start the demo's second process: %w", err)
	}
	report.Close() // it ends with the second process
	defer passSignals(host)()
	return reap(host.Pid)
}

// reap waits for children until pid has ended, and returns its exit status.
func reap(pid int) (int, error) {
	for {
		var ws syscall.WaitStatus
		got, err := syscall.Wait4(-1, &ws, 0, nil)
		switch {
		case err == syscall.EINTR || err == nil && got != pid:
			continue
		case err != nil:
			return 0, fmt.Errorf("wait for the demo's second process: %w", err)
		}
		return statusOf(ws), nil
	}
}

// privateMounts cuts this mount namespace off from the machine's, and gives it
// a /proc of its own processes and an empty /run: there the lock of the legacy
// iptables would be shared, and there the sockets of the machine's daemons
// would be in reach.
func privateMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	// Inside a container that hides parts of /proc the kernel refuses a new
	// one; the old one shows the machine's process numbers, which nothing but
	// a curious user of the demo notices.
	_ = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755,size=64m"); err != nil {
		return fmt.Errorf("mount a private /run: %w", err)
	}
	return nil
}

// runHost builds the lab and runs the command on the firewall host.
func runHost(report *os.File) (int, error) {
	unix.CloseOnExec(planFd)
	var plan demoPlan
	if err := json.NewDecoder(os.NewFile(planFd, "plan")).Decode(&plan); err != nil {
		return 0, fmt.Errorf("%s is a part of the demo and is not called by hand: %w", stageHost, err)
	}
	l, err := New(plan.Lab)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	if err := plan.writeFiles(); err != nil {
		return 0, err
	}
	if err := plan.linkProgram(); err != nil {
		return 0, fmt.Errorf("put %s into the search path: %w", plan.Name, err)
	}
	stop, err := l.StartTraffic(context.Background())
	if err != nil {
		return 0, err
	}
	defer stop()
	ctx, logOut := context.WithCancel(context.Background())
	defer logOut()
	go l.stayLoggedIn(ctx)
	return l.Firewall.foreground(plan.Command, append(demoEnv(), "SSH_CONNECTION="+l.sshConnection()), plan.Terminal, report)
}

// Where the command finds its files, all in the private /run.
const (
	demoTables = "/run/mfwtui-demo/tables"
	demoState  = "/run/mfwtui-demo/state"
	demoBin    = "/run/mfwtui-demo/bin"
	demoRun    = "/run/mfwtui"
)

func (p *demoPlan) writeFiles() error {
	for _, dir := range []string{demoTables, demoState, demoRun} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	for name, text := range p.Files {
		if err := os.WriteFile(filepath.Join(demoTables, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// linkProgram puts this program first in the search path, under its name.
func (p *demoPlan) linkProgram() error {
	if p.Name == "" {
		return nil
	}
	if err := os.Mkdir(demoBin, 0o700); err != nil {
		return err
	}
	if err := os.Symlink(p.Program, filepath.Join(demoBin, p.Name)); err != nil {
		return err
	}
	return os.Setenv("PATH", demoBin+":"+os.Getenv("PATH"))
}

// foreground runs a command on the host with our own standard streams, one of
// which may be a terminal. The report ends here: from now on the command has it.
func (h *Host) foreground(command, env []string, terminal bool, report *os.File) (status int, err error) {
	path, err := findTool(command[0])
	if err != nil {
		return 0, err
	}
	cmd := &exec.Cmd{Path: path, Args: command, Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: terminal}
	err = h.Do(func() error {
		// Interfaces below /sys are those of the namespace that mounted it.
		// Where the kernel refuses, the machine's stay visible there.
		_ = unix.Mount("sysfs", "/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
		if err := cmd.Start(); err != nil {
			return err
		}
		report.Close()
		defer passSignals(cmd.Process)()
		if terminal {
			if err := giveTerminal(cmd.Process.Pid); err != nil {
				return fmt.Errorf("give the terminal to %s: %w", command[0], err)
			}
		}
		status, err = awaitForeground(cmd.Process.Pid)
		return err
	})
	return status, err
}

// demoEnv is the environment of the command: where its files are, and a search
// path with the administrator's programs, which that of a user on Debian lacks.
func demoEnv() []string {
	path := os.Getenv("PATH")
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if !strings.Contains(":"+path+":", ":"+dir+":") {
			path += ":" + dir
		}
	}
	return append(os.Environ(), "PATH="+strings.TrimPrefix(path, ":"),
		"MFWTUI_DIR="+demoTables, "MFWTUI_STATE="+demoState, "MFWTUI_RUN="+demoRun)
}
