package settings

import (
	"fmt"
	"time"

	"github.com/mfwtui/mfwtui/tui/style"
)

// Settings are what a person can choose.
type Settings struct {
	// Palette is the colours.
	Palette style.Palette
	// ASCII draws without characters beyond ASCII, also on a UTF-8 terminal.
	ASCII bool
	// Mouse takes the mouse from the terminal, which can then not select text
	// with it.
	Mouse bool
	// Refresh is how often live screens are read again.
	Refresh time.Duration
	// Bits shows rates in bits instead of bytes.
	Bits bool
	// UTC shows the clock in UTC instead of the zone of the host.
	UTC bool
	// Keys are the actions that were given keys of their own.
	Keys []Rebinding
}

// Rebinding gives an action other keys.
type Rebinding struct {
	// Action is the name of the action, such as "policy.delete".
	Action string
	// Keys are the keystrokes as Bubble Tea names them: "D", "ctrl+x".
	Keys []string
	// At is where this was written.
	At Position
}

// Position is a line of a file.
type Position struct {
	File string
	Line int
}

// Errorf makes an error that names the position.
func (p Position) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.File, p.Line, fmt.Sprintf(format, args...))
}

// The least and the most that live screens may wait between two readings.
const (
	leastRefresh = time.Second
	mostRefresh  = time.Minute
)

// Default is the console as it is without any file.
func Default() Settings {
	return Settings{Palette: style.Terminal, Refresh: leastRefresh}
}
