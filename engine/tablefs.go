package engine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// tableFS is a directory of tables as a file system that hands out only files
// which nobody but root could have changed: these files become the firewall.
type tableFS string

// Open opens a table without following a symbolic link and without hanging on
// a FIFO.
func (dir tableFS) Open(name string) (fs.File, error) {
	path := filepath.Join(string(dir), name)
	refuse := func(format string, args ...any) (fs.File, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf(format, args...)}
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case err == unix.ELOOP:
		target, _ := os.Readlink(path)
		return refuse("is a symbolic link to %q; replace it by a file", target)
	case err != nil:
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if why := distrust(st); why != "" {
		f.Close()
		return refuse("%s", why)
	}
	return f, nil
}

// distrust says why a table file must not be used, or nothing.
func distrust(st fs.FileInfo) string {
	if !st.Mode().IsRegular() || os.Geteuid() != 0 {
		return "" // package tables refuses what is no file; who is not root harms only himself
	}
	if perm := st.Mode().Perm(); perm&0o022 != 0 {
		return fmt.Sprintf("mode %04o lets other users change the firewall; run chmod 0640", perm)
	}
	if own, ok := st.Sys().(*syscall.Stat_t); ok && own.Uid != 0 {
		return fmt.Sprintf("owned by uid %d, must be root", own.Uid)
	}
	return ""
}

// checkDir says why the directory of the tables cannot be used: it is absent,
// not a directory, or somebody other than root could put other files there.
func checkDir(dir string) error {
	st, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		return fmt.Errorf("%s: no such directory; mfwtui on a terminal offers to make the tables, and -C DIR names another directory", dir)
	case err != nil:
		return fmt.Errorf("tables: %w", err)
	case !st.IsDir():
		return fmt.Errorf("%s: not a directory; -C takes the directory that holds the tables", dir)
	}
	if os.Geteuid() != 0 {
		return nil
	}
	full, err := filepath.EvalSymlinks(dir)
	if err == nil {
		full, err = filepath.Abs(full)
	}
	if err != nil {
		return fmt.Errorf("tables: %w", err)
	}
	for p := full; ; p = filepath.Dir(p) {
		if err := distrustDir(p); err != nil {
			return err
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

// distrustDir refuses a directory in which another user could replace files. A
// sticky directory such as the system's temporary one is fine: there only the
// owner of an entry can rename it.
func distrustDir(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("tables: %w", err)
	}
	if st.Mode().Perm()&0o022 != 0 && st.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("%s: mode %04o lets other users replace the tables; run chmod go-w %s", path, st.Mode().Perm(), path)
	}
	own, ok := st.Sys().(*syscall.Stat_t)
	if !ok || own.Uid == 0 || own.Uid == overflowUID && inUserNamespace() {
		return nil
	}
	return fmt.Errorf("%s: owned by uid %d, must be root, because who owns it can replace the tables", path, own.Uid)
}

// overflowUID is what the kernel shows for an owner that has no mapping in
// this user namespace, such as the real root.
const overflowUID = 65534

// inUserNamespace reports whether uid 0 here is not the machine's root.
func inUserNamespace() bool {
	data, err := os.ReadFile("/proc/self/uid_map")
	var inside, outside, count uint64
	if _, serr := fmt.Sscan(string(data), &inside, &outside, &count); err != nil || serr != nil {
		return false
	}
	return count != 1<<32-1
}
