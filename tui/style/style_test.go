package style

import (
	"fmt"
	"math"
	"strings"
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
		{"vte is no vt", []string{"TERM=vte-256color"}, colorprofile.ANSI256},
		{"xterm-mono", []string{"TERM=xterm-mono"}, colorprofile.ASCII},
		{"tmux", []string{"TERM=tmux-256color"}, colorprofile.ANSI256},
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

func TestOnlyAVT100MovesNoCells(t *testing.T) {
	for term, want := range map[string]bool{"vt100": true, "vt100-nav": true, "vt102": false, "vt220": false, "xterm-256color": false, "": false} {
		if got := MovesNoCells([]string{"TERM=" + term}); got != want {
			t.Errorf("MovesNoCells with TERM=%q = %v, want %v", term, got, want)
		}
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

// luminance is the relative luminance of "#rrggbb" as WCAG 2 defines it.
func luminance(t *testing.T, c Colour) float64 {
	t.Helper()
	var part [3]uint8
	if _, err := fmt.Sscanf(string(c), "#%02x%02x%02x", &part[0], &part[1], &part[2]); err != nil {
		t.Fatalf("%q: %v", c, err)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(part[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

func TestNamedColoursStandOutFromTheirBackground(t *testing.T) {
	tests := []struct {
		palette    Palette
		background Colour
		want       float64 // contrast as WCAG 2 defines it; 4.5 is its demand for text, 3 for large or bold text
	}{
		{Dark, "#000000", 4.5},
		{Dark, "#2e3436", 4.5},
		{Light, "#ffffff", 4.5},
		{Light, "#eee8d5", 4.5},
		{OkabeIto, "#000000", 4.5},
		{OkabeIto, "#1e1e1e", 4.0},
	}
	for _, tt := range tests {
		th := tt.palette.Theme(colorprofile.TrueColor)
		for name, c := range map[string]Colour{"good": th.Good, "warn": th.Warn, "bad": th.Bad, "accent": th.Accent} {
			a, b := luminance(t, c), luminance(t, tt.background)
			if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < tt.want {
				t.Errorf("%s: %s on %s has a contrast of %.1f, want %.1f", tt.palette, name, tt.background, got, tt.want)
			}
		}
	}
}

func TestPalettesOnSixteenColoursUseTheTerminalsOwn(t *testing.T) {
	for _, name := range Palettes() {
		var p Palette
		if err := p.Set(name); err != nil {
			t.Fatal(err)
		}
		th := p.Theme(colorprofile.ANSI)
		for _, c := range []Colour{th.Good, th.Warn, th.Bad, th.Accent} {
			if strings.HasPrefix(string(c), "#") {
				t.Errorf("%s names %s on a terminal with 16 colours", name, c)
			}
		}
		if p != MonoPalette && (th.Good == th.Bad || th.Good == th.Warn || th.Warn == th.Bad) {
			t.Errorf("%s: good, warn and bad are not three colours: %+v", name, th)
		}
	}
}
