package page

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Page is one screen.
type Page interface {
	// Title is the name of the screen in the tabs.
	Title() widget.Safe
	// Bindings are the keys of the page, the most important first. A key
	// that does nothing now carries the reason.
	Bindings() []widget.Binding
	// Typing reports whether the page takes every key as text or answer, so
	// that the keys of the console do not count.
	Typing() bool
	// Key handles a key that is not one of the console's.
	Key(k tea.KeyPressMsg) Effect
	// Handle takes a message: an answer of the engine, Shown, Hidden, Tick, or
	// a paste while Typing, or while a Paster takes it.
	Handle(msg tea.Msg) Effect
	// Render draws the page into width by height cells.
	Render(width, height int) View
}

// View is a drawn page: exactly as many lines as asked, none wider than asked.
type View struct {
	Lines []string
	// Cursor is where the terminal's cursor stands while text is typed.
	Cursor *Point
}

// Point is a cell, from the upper left corner of the page.
type Point struct{ X, Y int }

// Effect is what a page wants from the console. The zero value is nothing.
type Effect struct {
	Cmd tea.Cmd
	// Go changes the screen; Tell is then handed to the page that is shown:
	// ShowPlace, ShowFilter, ShowPacket, ShowChains or ShowContainers.
	Go   Screen
	Tell tea.Msg
	// Ask opens a dialog.
	Ask *Ask
	// Say puts a word on the message line.
	Say *Note
	// Edit opens the person's own editor on a table's file.
	Edit *desk.Place
	// Copy puts a text on the clipboard of the person's terminal.
	Copy string
}

// Copier is a page that has something to copy: the selected row, or all that is
// marked, as text. The console's copy key asks for it; empty for nothing.
type Copier interface{ Copied() string }

// Paster is a page that has a use for a paste while nothing is typed, too.
type Paster interface{ TakesPaste() bool }

// Legender is a page with signs that its help explains: bindings without keys.
type Legender interface{ Legend() []widget.Binding }

// Screen names a page.
type Screen int

// The screens in the order of their number keys. Back is the screen that was
// shown before.
const (
	Stay Screen = iota
	OverviewScreen
	PolicyScreen
	ReviewScreen
	FlowsScreen
	CountersScreen
	ExplainScreen
	HistoryScreen
	TrialScreen
	Back
)

// Ask is a dialog and what follows from its answer.
type Ask struct {
	*widget.Dialog
	// Then is called with the index of the choice; not for a no.
	Then func(choice int) Effect
}

// Note is a word on the message line.
type Note struct {
	Text widget.Safe
	Kind NoteKind
}

// NoteKind says how a note is to be taken.
type NoteKind uint8

// The kinds of notes.
const (
	Info NoteKind = iota
	Good
	Warn
	Bad
)

// say makes the effect that only says something.
func say(kind NoteKind, format string, args ...any) Effect {
	return Effect{Say: &Note{Text: widget.Format(format, args...), Kind: kind}}
}

// Shown tells a page that it became visible.
type Shown struct{}

// Hidden tells a page that another one took its place.
type Hidden struct{}

// Tick tells the visible page that a second went by.
type Tick struct{}

// ShowPlace tells the Policy page to select a cell.
type ShowPlace struct{ At desk.Place }

// ShowFilter tells a page with a list to show what a filter keeps.
type ShowFilter struct{ Text string }

// ShowChains tells the Counters page to show the rules by chain that a filter
// keeps, in a table if one is named.
type ShowChains struct{ Text, Table string }

// ShowContainers tells the Overview to show the containers.
type ShowContainers struct{}

// ShowPacket tells the Explain page to walk a packet.
type ShowPacket struct{ Packet ruleset.Packet }

// PickPacket asks the Flows page to show the selected flow on Explain.
type PickPacket struct{}

// Shared is what all pages use.
type Shared struct {
	Calls  *desk.Calls
	Styles *style.Styles
	Desk   *desk.Desk
	// Host is the name of the machine, which a dangerous dialog asks for.
	Host widget.Safe
	Now  func() time.Time
	// KeyName is what a key of a screen is called now, which the screen knows
	// as known; nil: every key is called what the screens know it as.
	KeyName func(on Screen, known string) string
	// Bits shows rates in bits per second instead of bytes.
	Bits bool
}

// rule is a separator line.
func (s *Shared) rule(width int) string { return widget.Ruler(width, s.Styles) }

// line starts a line.
func (s *Shared) line(width int) *widget.Line { return widget.NewLine(width, s.Styles.Glyphs) }
