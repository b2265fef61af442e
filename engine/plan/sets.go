package plan

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// nextPrefix starts the name of a set that is about to be swapped in. It never
// outlives the payload that makes it, unless that is cut short.
const nextPrefix = "mfwn."

// makeSet writes a set under a name.
func makeSet(b *strings.Builder, s *ruleset.Set, name string) error {
	c := *s
	c.Name = name
	text, err := c.RestoreText()
	b.WriteString(text)
	return err
}

// swapSet replaces the content of a set of the same kind at once. A swap takes
// any number of members, where adding to the old set could find it full.
func swapSet(b *strings.Builder, s *ruleset.Set) error {
	next := stagedNext(s.Name)
	if err := makeSet(b, s, next); err != nil {
		return err
	}
	b.WriteString("swap " + s.Name + " " + next + "\n")
	destroySet(b, next)
	return nil
}

func isNext(name string) bool { return strings.HasPrefix(name, nextPrefix) }

func stagedNext(name string) string {
	return nextPrefix + strings.TrimPrefix(stagedSet(name), ruleset.StagedPrefix)
}

// destroySet writes the end of a set that exists and that we made.
func destroySet(b *strings.Builder, name string) { b.WriteString("destroy " + name + "\n") }

// destroyTrialSets destroys the sets of a trial, and what a cut-short payload
// left: the lists before the sets that they hold.
func destroyTrialSets(b *strings.Builder, live ruleset.Sets, keep func(name string) bool) {
	for _, name := range gateSets() {
		if live[name] != nil {
			destroySet(b, name)
		}
	}
	for _, name := range live.Names() {
		if (isStaged(name) || isNext(name)) && !keep(name) {
			destroySet(b, name)
		}
	}
}

// memberText is a member as ipset writes it, without the time that is left.
func memberText(s *ruleset.Set, m ruleset.Member) string {
	text := m.Text
	switch {
	case m.Prefix.IsValid() && m.Prefix.IsSingleIP():
		text = m.Prefix.Addr().String() + " " + text
	case m.Prefix.IsValid():
		text = m.Prefix.String() + " " + text
	case s.Type == ruleset.BitmapPort && m.Port.Lo == m.Port.Hi:
		text = fmt.Sprintf("%d %s", m.Port.Lo, text)
	case s.Type == ruleset.BitmapPort:
		text = fmt.Sprintf("%d-%d %s", m.Port.Lo, m.Port.Hi, text)
	}
	return strings.TrimSpace(text)
}
