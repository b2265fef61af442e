package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/widget"
)

// History lists every apply.
type History struct{ *Shared }

// NewHistory makes the page.
func NewHistory(s *Shared) *History { return &History{Shared: s} }

// Title is the name in the tabs.
func (h *History) Title() widget.Safe { return "History" }

// Typing is never true.
func (h *History) Typing() bool { return false }

// Bindings are the keys of the page.
func (h *History) Bindings() []widget.Binding { return nil }

// Key handles a key.
func (h *History) Key(tea.KeyPressMsg) Effect { return Effect{} }

// Handle takes messages.
func (h *History) Handle(tea.Msg) Effect { return Effect{} }

// Render draws the page.
func (h *History) Render(width, height int) View { return View{Lines: widget.Fit(nil, height)} }
