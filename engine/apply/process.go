package apply

import (
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// detach makes this process deaf to everything that ends a session: it is in
// a session of its own already, so only signals and the control group are
// left. SIGTERM is taken and ignored without passing that on to the tools that
// are run.
func detach() {
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGPIPE, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
	signal.Notify(make(chan os.Signal, 1), unix.SIGTERM)
	unix.Umask(0o077)
	for _, fd := range []int{linkFd, lockFd} {
		unix.CloseOnExec(fd)
	}
	// Best effort: all of this only widens what the guardian survives.
	_ = os.Chdir("/")
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("-1000"), 0)
	_ = leaveSession("/proc/self/cgroup", "/sys/fs/cgroup")
}

// leaveSession moves this process from the control group of a login session
// (cgroup v2) to the root group: logind kills the whole session group when
// KillUserProcesses is on.
func leaveSession(own, mount string) error {
	if !inSession(own) {
		return nil
	}
	return os.WriteFile(filepath.Join(mount, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0)
}

// inSession reports whether the control group of cgroup v2 is that of a login
// session. The file is in the form of /proc/PID/cgroup.
func inSession(file string) bool {
	b, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "0::/user.slice/") {
			return true
		}
	}
	return false
}

// guardianCommand is the command line of this guardian without its arguments,
// for starting another one. The program file may be replaced by an upgrade
// meanwhile; what runs goes on.
func guardianCommand(args []string) []string {
	command := append([]string{"/proc/self/exe"}, os.Args[1:len(os.Args)-len(args)]...)
	return command
}

// ownSession lets a child start a session of its own.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
