package tui

import (
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// action is something that a key does, under the name that the settings file
// knows it by: the screen, and what the help says about it with dashes
// ("policy.switch-off"), or the name that the binding was given.
//
// Nothing has to be registered: whatever a page lists in a mode of commands is an
// action. Keys that another mode of the screen has as well are one action, under
// the name of the first: a key moves for the whole screen. A golden file holds all
// names, so that none changes unseen.
type action struct {
	name   string
	at     page.Screen // Stay: everywhere
	keys   []string
	danger bool
}

// The names in front of the actions that are not those of one screen.
const (
	everywhere = "console"
	inLists    = "list"
)

// actions lists what can be given other keys. The keys of a trial cannot: in an
// emergency they are what any manual says.
func actions(s *page.Shared) []action {
	var all []action
	add := func(scope string, at page.Screen, bindings []widget.Binding) {
		for _, b := range bindings {
			one := action{name: scope + "." + nameOf(b), at: at, keys: b.Keys(), danger: b.Danger}
			if !slices.ContainsFunc(all, one.shares) {
				all = append(all, one)
			}
		}
	}
	keys := newGlobalKeys()
	for _, b := range keys.list(true) {
		if b.Keys()[0] != keys.Leave.Keys()[0] { // the way out stays where it is
			add(everywhere, page.Stay, []widget.Binding{b})
		}
	}
	add(inLists, page.Stay, widget.Moves().List())
	scratch := *s // the pages list all their keys when there are tables
	scratch.Desk = desk.New(tables.NewSet())
	pages := newPages(&scratch)
	for _, at := range screens {
		for _, mode := range modesOf(pages[at]) {
			if mode.Use == page.Commands {
				add(strings.ToLower(string(pages[at].Title())), at, mode.Bindings)
			}
		}
	}
	return all
}

// shares reports whether another action is had by the same keys.
func (a action) shares(other action) bool {
	return a.at == other.at && a.danger == other.danger && slices.Equal(a.keys, other.keys)
}

// nameOf is the name of a binding within its screen.
func nameOf(b widget.Binding) string {
	if b.Name != "" {
		return b.Name
	}
	words := strings.FieldsFunc(strings.ToLower(b.Help().Desc), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, "-")
}
