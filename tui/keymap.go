package tui

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/settings"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// keymap turns the keys that a person chose into those that the pages know, so
// that no page has to ask which keys it has. The zero value changes nothing.
//
// It holds for keys that are commands. What is typed as text, what answers a
// dialog, the keys of the help and of the list of commands, and those of a trial
// are never turned.
type keymap struct {
	// turn gives the key that a screen knows for the one that was pressed;
	// empty: the key has lost its meaning. Stay is for every screen.
	turn map[page.Screen]map[string]string
	// label gives what is shown instead of a key.
	label map[page.Screen]map[string]string
}

// newKeymap checks the rebindings against all actions.
func newKeymap(all []action, wanted []settings.Rebinding) (keymap, error) {
	k := keymap{turn: make(map[page.Screen]map[string]string), label: make(map[page.Screen]map[string]string)}
	var faults []error
	at := make(map[string]settings.Position)
	for _, r := range wanted {
		i := slices.IndexFunc(all, func(a action) bool { return a.name == r.Action })
		if i < 0 {
			faults = append(faults, r.At.Errorf("unknown action %q; there are: %s", r.Action, near(all, r.Action)))
			continue
		}
		if err := checkKeys(r, all[i]); err != nil {
			faults = append(faults, err)
			continue
		}
		at[r.Action] = r.At
		k.rebind(&all[i], r.Keys)
	}
	faults = append(faults, clashes(all, at)...)
	return k, errors.Join(faults...)
}

// near lists the actions of the screen that a name seems to mean, or the
// screens.
func near(all []action, name string) string {
	scope, _, _ := strings.Cut(name, ".")
	var names, scopes []string
	for _, a := range all {
		first, _, _ := strings.Cut(a.name, ".")
		if first == scope {
			names = append(names, a.name)
		}
		if !slices.Contains(scopes, first+".*") {
			scopes = append(scopes, first+".*")
		}
	}
	if len(names) == 0 {
		names = scopes
	}
	return strings.Join(names, ", ")
}

// checkKeys checks what can be told from one rebinding.
func checkKeys(r settings.Rebinding, a action) error {
	if len(r.Keys) == 0 {
		return r.At.Errorf("%s: name at least one key", a.name)
	}
	for _, key := range r.Keys {
		switch {
		case !bindable(key):
			return r.At.Errorf("%s: %q cannot be bound; write one visible character such as \"D\", or \"ctrl+\" and a letter other than c, h, i, j and m", a.name, key)
		case a.danger && len(key) == 1 && key >= "a" && key <= "z":
			return r.At.Errorf("%s: %q is too easily hit for something that cannot be undone; take a capital letter or one with ctrl", a.name, key)
		}
	}
	return nil
}

// bindable reports whether a key can be given to an action: one visible
// character, or ctrl with a letter that is not another key to a terminal.
func bindable(key string) bool {
	if letter, ok := strings.CutPrefix(key, "ctrl+"); ok {
		return len(letter) == 1 && letter >= "a" && letter <= "z" && !strings.Contains("chijm", letter)
	}
	r := []rune(key)
	return len(r) == 1 && unicode.IsGraphic(r[0]) && r[0] != ' '
}

// rebind gives an action other keys. Keys with a name (Enter, Esc, Tab, the
// arrows) are not taken away: they do the same everywhere.
func (k *keymap) rebind(a *action, keys []string) {
	turn, label := at(k.turn, a.at), at(k.label, a.at)
	known := a.keys[0]
	var named []string
	for _, old := range a.keys {
		if !bindable(old) {
			named = append(named, old)
			continue
		}
		label[old] = labelOf(keys[0])
		if _, taken := turn[old]; !taken {
			turn[old] = ""
		}
	}
	for _, key := range keys {
		turn[key] = known
	}
	a.keys = append(slices.Clone(keys), named...)
}

func at(m map[page.Screen]map[string]string, s page.Screen) map[string]string {
	if m[s] == nil {
		m[s] = make(map[string]string)
	}
	return m[s]
}

// clashes finds keys that mean two things on a screen, and keys that would be
// harmless on one screen and dangerous on another. It looks at all actions with
// the keys they have now; only rebindings can have brought a clash about.
func clashes(all []action, where map[string]settings.Position) []error {
	var faults []error
	for i, a := range all {
		for _, b := range all[:i] {
			for _, key := range a.keys {
				if !slices.Contains(b.keys, key) || !bindable(key) {
					continue
				}
				position, ok := where[a.name]
				if !ok {
					position, ok = where[b.name]
				}
				switch meet := a.at == b.at || a.at == page.Stay || b.at == page.Stay; {
				case !ok: // as the pages have it; tests of theirs check that
				case meet:
					faults = append(faults, position.Errorf("%q would mean %s and %s", key, b.name, a.name))
				case a.danger != b.danger:
					faults = append(faults, position.Errorf("%q would be harmless on one screen and dangerous on another: %s and %s", key, b.name, a.name))
				}
			}
		}
	}
	return faults
}

// press gives the key that a screen knows for the one that was pressed; false
// for one that means nothing any more.
func (k keymap) press(on page.Screen, pressed tea.KeyPressMsg) (tea.KeyPressMsg, bool) {
	name := pressed.String()
	known, ok := k.turn[on][name]
	if !ok {
		known, ok = k.turn[page.Stay][name]
	}
	if !ok {
		return pressed, true
	}
	turned := widget.Press(known)
	turned.IsRepeat = pressed.IsRepeat
	return turned, known != ""
}

// shown returns bindings with the keys that they have now.
func (k keymap) shown(on page.Screen, bindings []widget.Binding) []widget.Binding {
	if len(k.turn) == 0 || on == page.TrialScreen {
		return bindings
	}
	out := slices.Clone(bindings)
	for i, b := range out {
		label := b.Help().Key
		parts := strings.Split(label, "/")
		if label == "/" {
			parts = []string{label}
		}
		for p, part := range parts {
			key := part
			if letter, ctrl := strings.CutPrefix(part, "^"); ctrl && letter != "" {
				key = "ctrl+" + letter
			}
			parts[p] = k.name(on, key)
		}
		out[i].SetHelp(strings.Join(parts, "/"), b.Help().Desc)
	}
	return out
}

// name is what a key is called now that a screen knows as key.
func (k keymap) name(on page.Screen, key string) string {
	for _, at := range []page.Screen{on, page.Stay} {
		if now, ok := k.label[at][key]; ok {
			return now
		}
	}
	return labelOf(key)
}

// labelOf is a key as hints write it.
func labelOf(key string) string {
	if letter, ok := strings.CutPrefix(key, "ctrl+"); ok {
		return "^" + letter
	}
	return key
}
