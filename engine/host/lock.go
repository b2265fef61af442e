package host

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultLockFile is where the legacy tools keep their lock. The nft tools have
// none.
const defaultLockFile = "/run/xtables.lock"

// lockVariable names another lock file to the legacy tools, since iptables
// 1.8.6.
const lockVariable = "XTABLES_LOCKFILE"

// mentions reports whether a program knows of a word.
func mentions(tool, word string) bool {
	path, err := findTool(tool)
	if err != nil {
		return false
	}
	program, err := os.ReadFile(path)
	return err == nil && bytes.Contains(program, []byte(word))
}

// holdLock takes the lock of the legacy tools for both families. The lock is
// one for both, so programs that take it themselves run one after the other,
// although the kernel changes the tables of the families independently. nil
// when somebody else holds it, or the programs cannot be told: then they are to
// take it themselves, and to wait as they do.
func (r *Real) holdLock(t *tools) *os.File {
	if !t.lockable || r.apart.Load() {
		return nil
	}
	lock, err := os.OpenFile(cmp.Or(r.lockFile, defaultLockFile), os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil
	}
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		lock.Close()
		return nil
	}
	return lock
}

// startHolding starts a program for which the caller holds the lock, unless
// that is nil. The program inherits the lock, and gets a file without a name,
// which nobody else can lock, to take instead.
func startHolding(cmd *exec.Cmd, lock *os.File) error {
	if lock == nil {
		return cmd.Start()
	}
	fd, err := unix.MemfdCreate("lock", unix.MFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("memfd_create", err)
	}
	own := os.NewFile(uintptr(fd), "lock")
	defer own.Close()
	cmd.ExtraFiles = []*os.File{lock, own} // descriptors 3 and 4
	cmd.Env = append(cmd.Env, lockVariable+"=/proc/self/fd/4")
	return cmd.Start()
}

// isLockRefused reports whether a legacy tool could not open its lock file, and
// so did nothing.
func isLockRefused(err error) bool {
	e := asExec(err)
	return e != nil && saysAny(e.Stderr, "can't open lock file")
}

// lockHolder names the process that holds the lock on a file, "process 123
// (firewalld)"; empty when nobody does, or it cannot be seen from here.
func lockHolder(file string) string {
	info, err := os.Stat(file)
	if err != nil {
		return ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	st := info.Sys().(*syscall.Stat_t)
	id := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	pid := findLock(string(locks), id)
	if pid == "" {
		return ""
	}
	comm, err := os.ReadFile("/proc/" + pid + "/comm")
	if err != nil {
		return "process " + pid
	}
	return fmt.Sprintf("process %s (%s)", pid, printable(strings.TrimSpace(string(comm)), 30))
}

// findLock finds the process id of a flock in /proc/locks, whose lines read
// "1: FLOCK  ADVISORY  WRITE 1234 00:19:5678 0 EOF". A process of another pid
// namespace has the id 0 or -1.
func findLock(locks, id string) string {
	for line := range strings.Lines(locks) {
		f := strings.Fields(line)
		if len(f) >= 6 && f[1] == "FLOCK" && f[5] == id && f[4] != "0" && f[4] != "-1" {
			return f[4]
		}
	}
	return ""
}
