package compile

import (
	"net/netip"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Facts are what the compiler must know about the host.
type Facts struct {
	// Bridges are the interfaces that are bridges now; what they pass
	// between their own ports is accepted.
	Bridges []string
	// ForwardHook4 and ForwardHook6 are the chains of the filter table that
	// jump to MFWFORWARD: ruleset.Forward or "DOCKER-USER". Empty means
	// ruleset.Forward.
	ForwardHook4, ForwardHook6 string
	// Countries maps an upper-case country code to its networks of both
	// families.
	Countries map[string][]netip.Prefix
	// Hosts maps a host name of an address cell to what it resolved to.
	Hosts map[string][]netip.Addr
}

// Result is a compiled ruleset.
type Result struct {
	// Rules holds our chains of both families, in the order in which they
	// are printed, and our sets. Built-in chains appear only to carry the
	// hooks.
	Rules *ruleset.Ruleset
	// Hooks are the jumps from chains that are not ours.
	Hooks []ruleset.Hook
	// Rows finds the table row of a rule id.
	Rows map[string]RowRef
}

// RowRef is where a rule came from: a table row, or a built-in part of the
// ruleset, which has no row and a Name such as "established".
type RowRef struct {
	Kind tables.Kind
	Line int
	Name string
}

// Compile makes the ruleset. The problems are what only the compiler can
// see: a row that matches nothing in either family, a virtual that can never
// match, a name that did not resolve, a country without data. The result is
// valid when there are no errors among them.
func Compile(cfg *tables.Config, facts Facts) (*Result, tables.Problems) { return nil, nil }
