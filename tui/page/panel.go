package page

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/widget"
)

// panel covers the tables of the Policy page for a while: a form, a list to
// pick from, a comparison.
type panel interface {
	bindings() []widget.Binding
	// typing reports whether every key goes into the panel.
	typing() bool
	key(k tea.KeyPressMsg) Effect
	// take handles a message; false when it is not meant for the panel.
	take(msg tea.Msg) (Effect, bool)
	render(width, height int) View
}

// paneled reports whether a panel has the keys; the list of problems lies on
// top of it.
func (p *Policy) paneled() bool { return p.panel != nil && p.list == nil }
