package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// errNoTool says that a program is in none of the directories.
var errNoTool = errors.New("not installed")

// toolDirs are where programs are looked for, in this order. PATH is not asked.
func toolDirs() []string { return []string{"/usr/sbin", "/sbin", "/usr/bin", "/bin"} }

// findTool gives the absolute path of a program that only root can have put
// there, or changed.
func findTool(name string) (string, error) { return findIn(toolDirs(), name, newOwners()) }

func findIn(dirs []string, name string, own owners) (string, error) {
	if name == "" || strings.ContainsRune(name, '/') {
		return "", fmt.Errorf("%q is not a program name", name)
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		_, err := own.resolve(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return path, err
	}
	return "", fmt.Errorf("%w (looked in %s)", errNoTool, strings.Join(dirs, ", "))
}

// owners are the user ids that count as root.
type owners struct{ overflow uint32 }

// newOwners finds out who counts as root. Inside a user namespace that does
// not map the real root, its files appear to belong to the overflow id, and so
// do those of every other unmapped user. They are accepted there: the process
// has no more rights than the user who made the namespace, and that user
// trusts the same system directories anyway. Whether others may write is still
// checked.
func newOwners() owners {
	data, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || isWholeIDMap(string(data)) {
		return owners{}
	}
	var id uint32
	if data, err = os.ReadFile("/proc/sys/kernel/overflowuid"); err == nil {
		_, err = fmt.Sscan(string(data), &id)
	}
	if err != nil {
		id = 65534
	}
	return owners{overflow: id}
}

// isWholeIDMap reports whether a uid_map is that of the initial user namespace.
func isWholeIDMap(text string) bool {
	f := strings.Fields(text)
	return len(f) == 3 && f[0] == "0" && f[1] == "0" && f[2] == "4294967295"
}

func (o owners) isRoot(uid uint32) bool { return uid == 0 || uid == o.overflow }

// maxLinks is the kernel's own limit for symbolic links in one path.
const maxLinks = 40

// resolve follows an absolute path component by component, as the kernel will,
// and checks that nobody but root could have changed any of them: neither a
// directory, nor a symbolic link (Debian's alternatives), nor the file.
func (o owners) resolve(path string) (string, error) {
	at, rest, links := "/", split(path), 0
	for {
		info, err := os.Lstat(at)
		if err != nil {
			return "", err
		}
		if err := o.check(at, info, len(rest) > 0); err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			if links++; links > maxLinks {
				return "", fmt.Errorf("too many symbolic links in %s", path)
			}
			target, err := os.Readlink(at)
			if err != nil {
				return "", err
			}
			at, rest = filepath.Dir(at), append(split(target), rest...)
			if filepath.IsAbs(target) {
				at = "/"
			}
			continue
		}
		if len(rest) == 0 {
			return at, nil
		}
		at, rest = filepath.Join(at, rest[0]), rest[1:]
	}
}

func split(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

func (o owners) check(path string, info fs.FileInfo, more bool) error {
	mode := info.Mode()
	uid := info.Sys().(*syscall.Stat_t).Uid
	switch {
	case !o.isRoot(uid):
		return fmt.Errorf("refusing %s: owned by uid %d, not by root", path, uid)
	case mode&fs.ModeSymlink != 0:
		return nil // the mode of a link means nothing
	case mode.IsDir() && mode&fs.ModeSticky != 0 && more:
		return nil // others may add names, but not replace root's
	case mode.Perm()&0o022 != 0:
		return fmt.Errorf("refusing %s: writable by others (mode %v)", path, mode)
	case more && !mode.IsDir():
		return fmt.Errorf("%s is not a directory: %w", path, fs.ErrNotExist)
	case !more && (!mode.IsRegular() || mode.Perm()&0o111 == 0):
		return fmt.Errorf("refusing %s: not an executable file (mode %v)", path, mode)
	}
	return nil
}
