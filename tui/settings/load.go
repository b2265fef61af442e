package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/mfwtui/mfwtui/tui/style"
)

// SystemFile is the file for everybody on the host.
const SystemFile = "/etc/mfwtui/console.toml"

// maxSize bounds what is read of a file; a real one has a few hundred bytes.
const maxSize = 64 << 10

// Files lists where settings are looked for, the most general first: that of
// the system, then $XDG_CONFIG_HOME/mfwtui/console.toml or, when the variable
// is not set to an absolute path, the one below ~/.config. Under sudo HOME is
// root's, and so is the file.
func Files(env []string) []string {
	files := []string{SystemFile}
	base := style.Getenv(env, "XDG_CONFIG_HOME")
	if !filepath.IsAbs(base) {
		home := style.Getenv(env, "HOME")
		if !filepath.IsAbs(home) {
			return files
		}
		base = filepath.Join(home, ".config")
	}
	return append(files, filepath.Join(base, "mfwtui", "console.toml"))
}

// Load reads the files in turn, each over what the ones before said. A file
// that does not exist says nothing. Faults are collected over all files.
func Load(files ...string) (Settings, error) {
	s := Default()
	var faults []error
	for _, name := range files {
		data, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			s, err = Parse(name, data, s)
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	return s, errors.Join(faults...)
}

// LoadOnly reads one file that must exist.
func LoadOnly(name string) (Settings, error) {
	if _, err := os.Stat(name); err != nil {
		return Default(), fmt.Errorf("read settings: %w", err)
	}
	return Load(name)
}

// read reads a file that nobody else can write: the keys of a firewall console
// are not for others to choose.
func read(name string) ([]byte, error) {
	// Not to wait for a writer, should it be a pipe.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	if err := trusted(name, info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read settings: %w", err)
	case len(data) > maxSize:
		return nil, fmt.Errorf("%s: more than %d bytes are no settings", name, maxSize)
	}
	return data, nil
}

func trusted(name string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file", name)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%s: others may write it (mode %04o); chmod go-w %s", name, info.Mode().Perm(), name)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && st.Uid != overflowUser && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s: belongs to user %d, not to root or to you", name, st.Uid)
	}
	return nil
}

// overflowUser is who owns the files of the host's root as seen from inside a
// user namespace, where the demo runs. No login has this number.
const overflowUser = 65534
