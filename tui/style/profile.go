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

// Profile decides how much colour a terminal gets. Unlike the library's own
// detection it takes NO_COLOR at its word (any value that is not empty, as
// no-color.org says; the library parses a boolean), honours CLICOLOR=0, sends
// no colour to a vt100, and never runs a program or asks the terminal.
func Profile(env []string) colorprofile.Profile {
	term := Getenv(env, "TERM")
	switch {
	case Getenv(env, "NO_COLOR") != "", Getenv(env, "CLICOLOR") == "0",
		strings.HasPrefix(term, "vt"), Dumb(env):
		return colorprofile.ASCII
	}
	return max(colorprofile.Env(env), colorprofile.ANSI)
}
