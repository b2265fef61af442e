package style

import (
	"testing"

	"github.com/charmbracelet/colorprofile"
)

func TestProfileFollowsTheEnvironment(t *testing.T) {
	tests := []struct {
		name string
		env  []string
		want colorprofile.Profile
	}{
		{"xterm with 256 colours", []string{"TERM=xterm-256color"}, colorprofile.ANSI256},
		{"linux console", []string{"TERM=linux"}, colorprofile.ANSI},
		{"screen", []string{"TERM=screen"}, colorprofile.ANSI256},
		{"NO_COLOR with a word", []string{"TERM=xterm-256color", "NO_COLOR=yes"}, colorprofile.ASCII},
		{"NO_COLOR zero is a value too", []string{"TERM=xterm-256color", "NO_COLOR=0"}, colorprofile.ASCII},
		{"NO_COLOR empty is not set", []string{"TERM=xterm-256color", "NO_COLOR="}, colorprofile.ANSI256},
		{"CLICOLOR=0", []string{"TERM=xterm-256color", "CLICOLOR=0"}, colorprofile.ASCII},
		{"NO_COLOR wins over COLORTERM", []string{"TERM=xterm", "COLORTERM=truecolor", "NO_COLOR=1"}, colorprofile.ASCII},
		{"vt100", []string{"TERM=vt100"}, colorprofile.ASCII},
		{"vt220", []string{"TERM=vt220"}, colorprofile.ASCII},
		{"dumb", []string{"TERM=dumb"}, colorprofile.ASCII},
		{"the last setting counts", []string{"TERM=vt100", "TERM=xterm-256color"}, colorprofile.ANSI256},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Profile(tt.env); got != tt.want {
				t.Errorf("Profile(%q) = %v, want %v", tt.env, got, tt.want)
			}
		})
	}
}

func TestUTF8FollowsTheLocale(t *testing.T) {
	tests := []struct {
		env  []string
		want bool
	}{
		{[]string{"LANG=en_GB.UTF-8"}, true},
		{[]string{"LANG=C.utf8"}, true},
		{[]string{"LANG=en_GB.UTF-8", "LC_ALL=C"}, false},
		{[]string{"LANG=C", "LC_CTYPE=de_DE.UTF-8"}, true},
		{nil, false},
	}
	for _, tt := range tests {
		if got := UTF8(tt.env); got != tt.want {
			t.Errorf("UTF8(%q) = %v, want %v", tt.env, got, tt.want)
		}
	}
}

func TestMonoThemeHasNoColour(t *testing.T) {
	if got, want := New(Mono(), ASCII()).Good.Render("ok"), "ok"; got != want {
		t.Errorf("Good in the mono theme = %q, want %q", got, want)
	}
	if got := New(Basic(), ASCII()).Good.Render("ok"); got == "ok" {
		t.Error("Good in the basic theme has no colour")
	}
}

func TestEveryGlyphIsOneCell(t *testing.T) {
	for name, g := range map[string]Glyphs{"unicode": Unicode(), "ascii": ASCII()} {
		for _, s := range append([]string{g.Horizontal, g.Vertical, g.Ellipsis, g.Up, g.Down, g.Full, g.Empty, g.Arrow}, g.Spark...) {
			if n := len([]rune(s)); n != 1 {
				t.Errorf("%s: glyph %q has %d runes, want 1", name, s, n)
			}
		}
	}
}
