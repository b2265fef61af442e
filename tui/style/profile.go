package style

import (
	"strings"

	"github.com/charmbracelet/colorprofile"
)

// Getenv is the value of a variable in an environment; the last one counts,
// empty when it is not set.
func Getenv(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// Dumb reports whether the terminal cannot address its cursor, so that no
// screen can be drawn on it.
func Dumb(env []string) bool {
	term := Getenv(env, "TERM")
	return term == "" || term == "dumb"
}

// MovesNoCells reports whether the terminal can neither insert nor delete
// characters, nor lines: a vt100, by its entry in terminfo. Every later one can.
func MovesNoCells(env []string) bool {
	model, _, _ := strings.Cut(Getenv(env, "TERM"), "-")
	return model == "vt100"
}

// Profile decides how much colour a terminal gets. Unlike the library's own
// detection it takes NO_COLOR at its word (any value that is not empty, as
// no-color.org says; the library parses a boolean), honours CLICOLOR=0, sends
// no colour to a vt100 or to a terminal whose name says that it is monochrome
// (xterm-mono, xterm-m), and never runs a program or asks the terminal.
func Profile(env []string) colorprofile.Profile {
	term := Getenv(env, "TERM")
	switch {
	case Getenv(env, "NO_COLOR") != "", Getenv(env, "CLICOLOR") == "0",
		monochrome(term), Dumb(env):
		return colorprofile.ASCII
	}
	return max(colorprofile.Env(env), colorprofile.ANSI)
}

// monochrome knows the terminals without colour by their names: vt followed by
// a number (vte, which follows GNOME's terminal, is none), and the suffixes of
// terminfo.
func monochrome(term string) bool {
	number, vt := strings.CutPrefix(term, "vt")
	return vt && number != "" && number[0] >= '0' && number[0] <= '9' ||
		strings.HasSuffix(term, "-m") || strings.HasSuffix(term, "-mono")
}
