package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/style"
)

// lookedAt parses a command line with the flags of the console.
func lookedAt(t *testing.T, args ...string) (*look, *cobra.Command) {
	t.Helper()
	l, cmd := &look{}, &cobra.Command{Use: "mfwtui"}
	l.lookFlags(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return l, cmd
}

func TestCommandLineCountsMoreThanTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "console.toml")
	if err := os.WriteFile(file, []byte("palette = 'dark'\nmouse = true\nascii = true\nrefresh = 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, cmd := lookedAt(t, "--config", file, "--palette", "mono", "--mouse=false", "--plain")
	got, err := l.settings(cmd)
	if err != nil {
		t.Fatal(err)
	}
	want := settings.Default()
	want.Palette, want.ASCII, want.Refresh = style.MonoPalette, true, 5e9
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"--config=" + file, "--palette=mono", "--mouse=false", "--plain=true"}, l.handOn(cmd)); diff != "" {
		t.Errorf("handed on to the console of the demo: %s", diff)
	}
}

func TestFaultyFileEndsTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "console.toml")
	if err := os.WriteFile(file, []byte("\ncolour = 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, cmd := lookedAt(t, "--config", file)
	if _, err := l.settings(cmd); err == nil || !strings.HasPrefix(err.Error(), file+":2: unknown setting") {
		t.Errorf("got %v", err)
	}
	l, cmd = lookedAt(t, "--config", file+".absent")
	if _, err := l.settings(cmd); err == nil {
		t.Error("a file that does not exist was taken")
	}
}
