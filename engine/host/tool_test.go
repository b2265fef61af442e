package host

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// toolCases are directories with a program "fw" in them, made by prepare.
var toolCases = []struct {
	name    string
	prepare func(t *testing.T, dir string)
	want    string // part of the error; empty for a program that may run
}{
	{"a file of root", func(t *testing.T, dir string) { program(t, dir, "fw", 0o755) }, ""},
	{"alternatives", func(t *testing.T, dir string) {
		program(t, dir, "multi", 0o755)
		mkdir(t, dir, "alternatives", 0o755)
		link(t, "alternatives/fw", dir, "fw")
		link(t, filepath.Join(dir, "fw-nft"), dir, "alternatives/fw")
		link(t, "multi", dir, "fw-nft")
	}, ""},
	{"a sticky directory of root", func(t *testing.T, dir string) {
		program(t, dir, "fw", 0o755)
		chmod(t, dir, 0o777|os.ModeSticky)
	}, ""},
	{"missing", func(*testing.T, string) {}, "not installed"},
	{"a link to nothing", func(t *testing.T, dir string) { link(t, "gone", dir, "fw") }, "not installed"},
	{"writable by the group", func(t *testing.T, dir string) { program(t, dir, "fw", 0o775) }, "fw: writable by others"},
	{"writable by all", func(t *testing.T, dir string) { program(t, dir, "fw", 0o757) }, "fw: writable by others"},
	{"of another user", func(t *testing.T, dir string) {
		program(t, dir, "fw", 0o755)
		chown(t, dir, "fw")
	}, "fw: owned by uid 1234, not by root"},
	{"in a directory that others may write", func(t *testing.T, dir string) {
		program(t, dir, "fw", 0o755)
		chmod(t, dir, 0o777)
	}, "writable by others"},
	{"a link of another user", func(t *testing.T, dir string) {
		program(t, dir, "real", 0o755)
		link(t, "real", dir, "fw")
		chown(t, dir, "fw")
	}, "fw: owned by uid 1234"},
	{"a link through a directory of another user", func(t *testing.T, dir string) {
		mkdir(t, dir, "theirs", 0o755)
		program(t, filepath.Join(dir, "theirs"), "fw", 0o755)
		link(t, "theirs/fw", dir, "fw")
		chown(t, dir, "theirs")
	}, "theirs: owned by uid 1234"},
	{"a link to a file that others may write", func(t *testing.T, dir string) {
		program(t, dir, "real", 0o777)
		link(t, "real", dir, "fw")
	}, "real: writable by others"},
	{"not executable", func(t *testing.T, dir string) { program(t, dir, "fw", 0o644) }, "not an executable file"},
	{"a directory", func(t *testing.T, dir string) { mkdir(t, dir, "fw", 0o755) }, "not an executable file"},
	{"links in a circle", func(t *testing.T, dir string) {
		link(t, "b", dir, "fw")
		link(t, "fw", dir, "b")
	}, "too many symbolic links"},
}

func TestOnlyProgramsOfRootMayRun(t *testing.T) {
	needKernel(t)
	for _, c := range toolCases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.prepare(t, dir)
			path, err := findIn([]string{dir}, "fw", owners{})
			switch {
			case c.want == "" && (err != nil || path != filepath.Join(dir, "fw")):
				t.Errorf("path %q, error %v", path, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestAProgramIsNamedNotPointedAt(t *testing.T) {
	for _, name := range []string{"", "/bin/sh", "../bin/sh", "a/b"} {
		if _, err := findTool(name); err == nil || errors.Is(err, errNoTool) {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

func TestTheWholeIDMapIsToldFromAPartOne(t *testing.T) {
	for text, want := range map[string]bool{
		"         0          0 4294967295\n": true,
		"         0       1000          1\n": false,
		"0 0 1\n1 100000 65536\n":            false,
		"":                                   false,
	} {
		if got := isWholeIDMap(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// In a user namespace of somebody else the programs of the real root belong to
// nobody, and must be found all the same.
func TestProgramsAreFoundInAUserNamespace(t *testing.T) {
	if os.Getenv("HOST_TEST_INSIDE") != "" {
		info, err := os.Stat("/usr/bin/env")
		if err != nil {
			t.Fatal(err)
		}
		if info.Sys().(*syscall.Stat_t).Uid == 0 {
			t.Fatal("the namespace maps the real root")
		}
		if _, err := findTool("env"); err != nil {
			t.Error(err)
		}
		return
	}
	needKernel(t)
	self, err := os.Open("/proc/self/exe") // the path may not be readable inside
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	cmd := exec.Command("/proc/self/fd/3", "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.ExtraFiles = []*os.File{self}
	cmd.Env = []string{"HOST_TEST_INSIDE=1", "TMPDIR=/tmp"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 1234, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 1234, Size: 1}},
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("inside: %v\n%s", err, out)
	}
}

func program(t *testing.T, dir, name string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
	chmod(t, path, mode)
}

func mkdir(t *testing.T, dir, name string, mode os.FileMode) {
	t.Helper()
	must(t, os.Mkdir(filepath.Join(dir, name), mode))
}

func link(t *testing.T, target, dir, name string) {
	t.Helper()
	must(t, os.Symlink(target, filepath.Join(dir, name)))
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	must(t, os.Chmod(path, mode))
}

func chown(t *testing.T, dir, name string) {
	t.Helper()
	must(t, os.Lchown(filepath.Join(dir, name), 1234, 1234))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
