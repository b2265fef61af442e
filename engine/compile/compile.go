package compile

import (
	"net/netip"
	"strconv"

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
	// hooks, without a policy, which is not ours to set. Foreign chains never
	// appear: the forward hook stands in FORWARD here, also where Hooks puts
	// it into DOCKER-USER.
	Rules *ruleset.Ruleset
	// Hooks are the jumps from chains that are not ours.
	Hooks []ruleset.Hook
	// Rows finds the table row of a rule id.
	Rows map[string]RowRef
	// Hosts maps each host name of an address cell to the addresses that stand
	// for it in the rules, as Facts had them.
	Hosts map[string][]netip.Addr
}

// RowRef is where a rule came from: a table row, or a built-in part of the
// ruleset, which has no row and a Name such as "established". The rule that logs
// for a row has both: the row, and the Name "log".
type RowRef struct {
	Kind tables.Kind
	Line int
	Name string
}

// String is the row as people write it, "rules:31", or the name of the part.
func (r RowRef) String() string {
	if r.Line == 0 {
		return r.Name
	}
	return r.Kind.String() + ":" + strconv.Itoa(r.Line)
}

// maxRules is how many kernel rules of both families together are taken: a
// restore of more takes seconds, in which the kernel holds its lock.
const maxRules = 50_000

// Compile makes the ruleset from tables that were checked without errors. The
// problems are what only the compiler can see: a host name that did not resolve, a
// country without data, a row that matches nothing because of the interfaces or
// of the country data, a name that the kernel will show otherwise, too many
// marks or kernel rules. The result is valid when there are no errors among them.
func Compile(cfg *tables.Config, facts Facts) (*Result, tables.Problems) {
	c := &compiler{
		cfg:     cfg,
		facts:   facts,
		ids:     nameRows(cfg),
		result:  &Result{Rules: &ruleset.Ruleset{Sets: ruleset.Sets{}}, Hosts: facts.Hosts},
		said:    map[tables.Problem]bool{},
		sets:    map[string]*ruleset.Set{},
		known:   map[string][]service{},
		matches: make([]int, len(cfg.Rules)),
		count:   map[string]int{},
	}
	c.result.Rows = c.ids.rows
	c.layout = newLayout(cfg, facts.Bridges, func(wanted, name string) { c.warnRenamed(tables.Interfaces, wanted, name) })
	c.assignMarks()
	c.virtuals = c.readVirtuals()
	for _, f := range ruleset.Families() {
		c.family(f)
	}
	c.checkRows()
	c.checkSize()
	c.problems.Sort()
	return c.result, c.problems
}

// compiler is the state of one compilation.
type compiler struct {
	cfg      *tables.Config
	facts    Facts
	layout   *layout
	ids      *rowIDs
	marks    map[int]uint32 // by index in cfg.Rules
	virtuals []virtual
	names    names // of sets
	result   *Result
	problems tables.Problems
	said     map[tables.Problem]bool // those of problem

	// sets are those that some row could ask; the ones that a rule does ask
	// go to the result.
	sets map[string]*ruleset.Set
	// known are the ways to match a service, as far as rows asked.
	known map[string][]service
	// matches is the number of conditions of each rule row in both families.
	matches []int
	// count is the number of kernel rules by row id, total their sum.
	count map[string]int
	total int
}

// family is the compilation of one family.
type family struct {
	*compiler
	fam    ruleset.Family
	tables *ruleset.Tables
	// conds are the conditions of each rule row, see rules.go.
	conds [][]ruleset.Rule
	// objects and countries are the ways to match them, as far as rows asked.
	objects, countries map[string][]address
}

// family compiles one family into the result.
func (c *compiler) family(fam ruleset.Family) {
	f := &family{
		compiler: c, fam: fam, tables: c.result.Rules.Tables(fam),
		objects: map[string][]address{}, countries: map[string][]address{},
	}
	f.conds = f.conditions()
	f.hooks()
	f.filter()
	f.nat()
	f.mangle()
}

// add appends a rule to a chain on behalf of the row or built-in part with
// this id. Beyond maxRules it only counts.
func (f *family) add(chain *ruleset.Chain, id string, r ruleset.Rule, target ruleset.Target) {
	f.count[id]++
	f.total++
	if f.total > maxRules {
		return
	}
	r.ID, r.Target = id, target
	for _, m := range r.Matches {
		if s, ok := m.(ruleset.MatchSet); ok {
			f.result.Rules.Sets[s.Name] = f.sets[s.Name]
		}
	}
	chain.Append(&r)
}

// hooks puts the jumps to our root chains into the built-in chains, and notes
// where they belong on this host.
func (f *family) hooks() {
	forward := f.facts.ForwardHook4
	if f.fam == ruleset.V6 {
		forward = f.facts.ForwardHook6
	}
	if forward == "" {
		forward = ruleset.Forward
	}
	f.hook(ruleset.Filter, ruleset.Input, ruleset.Input, ruleset.RootInput)
	f.hook(ruleset.Filter, ruleset.Forward, forward, ruleset.RootForward)
	f.hook(ruleset.NAT, ruleset.Prerouting, ruleset.Prerouting, ruleset.RootPrerouting)
	f.hook(ruleset.NAT, ruleset.Postrouting, ruleset.Postrouting, ruleset.RootPostrouting)
	if len(f.marks) > 0 {
		f.hook(ruleset.Mangle, ruleset.Forward, ruleset.Forward, ruleset.RootForward)
	}
}

// hook makes one root chain and the jump to it from a built-in chain; from is
// the chain that holds the jump on this host.
func (f *family) hook(table, builtIn, from, root string) {
	t := f.tables.Ensure(table)
	f.add(t.Ensure(builtIn), f.ids.builtIn("hook"), ruleset.Rule{}, ruleset.Jump{Chain: root})
	t.Ensure(root)
	f.result.Hooks = append(f.result.Hooks, ruleset.Hook{Family: f.fam, Table: table, From: from, To: root})
}
