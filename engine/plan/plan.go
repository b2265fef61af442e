package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Target is a desired state: our chains, our sets, and the jumps that lead to
// them. Built-in chains, and the foreign chains that Hooks stand in, are
// ignored in Rules. The sets must be normalized.
type Target struct {
	Rules *ruleset.Ruleset
	Hooks []ruleset.Hook
}

// Ownership says what in a live ruleset is ours, beyond what the names of the
// root chains tell.
type Ownership struct {
	// Sets and Chains are what the confirmed generation recorded.
	Sets []string
	// Chains are recorded as "v4 filter ext_inp".
	Chains []string
}

// Payload is text for the restore tools. Sets is loaded first, then V4 and V6,
// in any order or at once. Empty texts are not loaded. The rule texts are for
// iptables-restore --noflush --counters.
type Payload struct {
	Sets   string
	V4, V6 string
}

// Steps are payloads in order. After each one, one whole generation is in
// force.
type Steps []Payload

// Owned lists what is ours in a ruleset, as a generation records it.
func Owned(rs *ruleset.Ruleset) Ownership {
	m := ownerOf(rs, nil, Ownership{})
	own := Ownership{}
	for key := range m.chains {
		own.Chains = append(own.Chains, key.String())
	}
	for name, ours := range m.sets {
		if ours {
			own.Sets = append(own.Sets, name)
		}
	}
	slices.Sort(own.Chains)
	slices.Sort(own.Sets)
	return own
}

// Fingerprint is a hash over everything in live that a preview depends on: our
// chains, our sets and whether the hooks do their work; counters do not count,
// and neither does a trial. It stays the same while a trial is staged, and
// changes when anybody else touches what is ours.
func Fingerprint(live *ruleset.Ruleset, own Ownership) string {
	m := ownerOf(live, nil, own)
	h := sha256.New()
	var line []byte
	for key, c := range chainsOf(live) {
		if !m.chains[key] {
			continue
		}
		fmt.Fprintln(h, "chain", key)
		for _, r := range settled(c) {
			line = append(r.AppendText(line[:0], key.family), '\n')
			h.Write(line)
		}
	}
	for _, name := range live.Sets.Names() {
		if s := live.Sets[name]; m.sets[name] {
			fmt.Fprintf(h, "set %s %s %d %d %v\n", name, s.Type, s.Family, s.Timeout, s.Ports)
			for _, text := range textsOf(s, s.Members) {
				fmt.Fprintln(h, text)
			}
		}
	}
	hooks := liveHooks(live, m)
	for _, hook := range sortedHooks(hooks) {
		fmt.Fprintln(h, "hook", hookText(hook), hooks[hook], misplaced(live, hook))
	}
	return hex.EncodeToString(h.Sum(nil))
}
