package host

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultLockFile is where the legacy tools keep their lock. The nft tools have
// none.
const defaultLockFile = "/run/xtables.lock"

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
