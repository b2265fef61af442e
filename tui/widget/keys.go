package widget

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/style"
)

// Binding is a key, or several that do the same, with what it does.
type Binding struct {
	key.Binding
	// Why says why the key does nothing now; empty when it works.
	Why Safe
	// Danger marks a key that leads to something which cannot be undone; it
	// may only open a dialog.
	Danger bool
	// Quiet keeps the key out of the hints; the help shows it.
	Quiet bool
	// Name is what the settings file calls it; empty: what it does, with
	// dashes.
	Name string
}

// Bind makes a binding: the label for hints and help ("o/O"), what it does in
// two or three words, and the keystrokes.
func Bind(label, does string, keys ...string) Binding {
	return Binding{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, does))}
}

// Off returns the binding with the reason why it does nothing now, when there
// is one.
func (b Binding) Off(why Safe) Binding {
	b.Why = why
	return b
}

// Dangerous returns the binding marked as dangerous.
func (b Binding) Dangerous() Binding {
	b.Danger = true
	return b
}

// Hidden returns the binding kept out of the hints.
func (b Binding) Hidden() Binding {
	b.Quiet = true
	return b
}

// Named returns the binding with the name that the settings file knows it by,
// so that what the help says about it may change.
func (b Binding) Named(name string) Binding {
	b.Name = name
	return b
}

// Is reports whether the key press is one of this binding, working or not.
func (b Binding) Is(k tea.KeyPressMsg) bool { return slices.Contains(b.Keys(), k.String()) }

// Movement are the keys that move in a list. No page binds them to anything
// else.
type Movement struct{ Up, Down, Top, Bottom, PageUp, PageDown Binding }

// Moves are the movement keys.
func Moves() Movement {
	return Movement{
		Down:     Bind("j/k", "down, up", "j", "down").Hidden().Named("down"),
		Up:       Bind("k", "up", "k", "up").Hidden().Named("up"),
		Top:      Bind("g", "first", "g", "home").Hidden(),
		Bottom:   Bind("G", "last", "G", "end").Hidden(),
		PageDown: Bind("^d", "half a page down", "ctrl+d", "pgdown").Hidden().Named("page-down"),
		PageUp:   Bind("^u", "half a page up", "ctrl+u", "pgup").Hidden().Named("page-up"),
	}
}

// List lists the movement keys.
func (m Movement) List() []Binding {
	return []Binding{m.Down, m.Up, m.Top, m.Bottom, m.PageDown, m.PageUp}
}

// Step says where a movement key leads from position at in a list of n, of
// which page are visible; false when the key is no movement key.
func (m Movement) Step(k tea.KeyPressMsg, at, n, page int) (int, bool) {
	half := max(page/2, 1)
	switch {
	case m.Down.Is(k):
		at++
	case m.Up.Is(k):
		at--
	case m.Top.Is(k):
		at = 0
	case m.Bottom.Is(k):
		at = n - 1
	case m.PageDown.Is(k):
		at += half
	case m.PageUp.Is(k):
		at -= half
	default:
		return at, false
	}
	return max(min(at, n-1), 0), true
}

// hint is a binding with its place in the lines of hints.
type hint struct {
	Binding
	label, does Safe
	line, col   int
}

func (h hint) width() int { return h.label.Width() + 1 + h.does.Width() }

// placeHints divides lines among bindings, which come in order of importance.
// Keys that do nothing now are left out, and so is what does not fit; what is
// wider than a whole line stands there alone and is cut.
func placeHints(bindings []Binding, width, lines int) []hint {
	var out []hint
	line, end := 0, 0 // end is where the last hint of the line ends; 0: the line is empty
	for _, b := range bindings {
		if b.Quiet || b.Why != "" {
			continue
		}
		h := hint{Binding: b, label: Clean(b.Help().Key), does: Clean(b.Help().Desc), col: 1}
		if end > 0 && end+2+h.width() > width {
			if line == lines-1 {
				continue // a shorter one may still fit
			}
			line, end = line+1, 0
		}
		if end > 0 {
			h.col = end + 2
		}
		h.line, end = line, h.col+h.width()
		out = append(out, h)
	}
	return out
}

// Hints draws bindings as lines of hints.
func Hints(bindings []Binding, width, lines int, st *style.Styles) []string {
	var out []string
	l := NewLine(width, st.Glyphs)
	for _, h := range placeHints(bindings, width, lines) {
		if h.line > len(out) {
			out = append(out, l.String())
			l = NewLine(width, st.Glyphs)
		}
		l.To(h.col).Put(st.Key, h.label).Text(" " + h.does)
	}
	return Fit(append(out, l.String()), lines)
}
