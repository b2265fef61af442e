package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/widget"
)

// Explain walks a packet through the live rules and the staged ones.
type Explain struct{ *Shared }

// NewExplain makes the page.
func NewExplain(s *Shared) *Explain { return &Explain{Shared: s} }

// Title is the name in the tabs.
func (e *Explain) Title() widget.Safe { return "Explain" }

// Typing is never true.
func (e *Explain) Typing() bool { return false }

// Bindings are the keys of the page.
func (e *Explain) Bindings() []widget.Binding { return nil }

// Key handles a key.
func (e *Explain) Key(tea.KeyPressMsg) Effect { return Effect{} }

// Handle takes messages.
func (e *Explain) Handle(tea.Msg) Effect { return Effect{} }

// Render draws the page.
func (e *Explain) Render(width, height int) View { return View{Lines: widget.Fit(nil, height)} }
