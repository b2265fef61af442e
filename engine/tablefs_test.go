package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTablesThatOthersCouldChangeAreRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: for others there is nothing to refuse")
	}
	cases := []struct {
		name    string
		spoil   func(path string) error
		problem string // must be part of the text
	}{
		{"symbolic link", func(p string) error { os.Remove(p); return os.Symlink("/etc/passwd", p) }, `symbolic link to "/etc/passwd"`},
		{"pipe", func(p string) error { os.Remove(p); return unix.Mkfifo(p, 0o600) }, "not a regular file"},
		{"directory", func(p string) error { os.Remove(p); return os.Mkdir(p, 0o700) }, "is a directory"},
		{"world-writable", func(p string) error { return os.Chmod(p, 0o666) }, "mode 0666 lets other users change the firewall"},
		{"owned by another user", func(p string) error { return os.Chown(p, 1000, 1000) }, "owned by uid 1000, must be root"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := sampleDir(t)
			if err := c.spoil(filepath.Join(dir, "rules")); err != nil {
				t.Fatal(err)
			}
			_, problems := (&store{dir: dir}).load()
			if len(problems) != 1 || problems[0].File != "rules" || !strings.Contains(problems[0].Text, c.problem) {
				t.Errorf("problems %v, want one about rules with %q", problems, c.problem)
			}
		})
	}
}

func TestADirectoryThatOthersCouldWriteIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: for others there is nothing to refuse")
	}
	dir := sampleDir(t)
	if err := checkDir(dir); err != nil {
		t.Errorf("a private directory below a sticky one: %v", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := checkDir(dir); err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("error %v, want one that says chmod go-w", err)
	}
	if err := checkDir(filepath.Join(dir, "absent")); err == nil || !strings.Contains(err.Error(), "-C DIR") {
		t.Errorf("error %v, want one that names -C DIR", err)
	}
	if err := checkDir(filepath.Join(dir, "rules")); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("error %v, want not a directory", err)
	}
}
