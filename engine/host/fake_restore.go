package host

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// tables are the tables of one family by name. A table that is stored is never
// changed: a load makes a new one.
type tables map[string]*ruleset.Table

func newTables(ts ruleset.Tables) tables {
	m := tables{}
	for _, t := range ts {
		m[t.Name] = t
	}
	return m
}

// list gives the tables in the order of their names.
func (ts tables) list() ruleset.Tables {
	var list ruleset.Tables
	for _, name := range slices.Sorted(maps.Keys(ts)) {
		list = append(list, ts[name])
	}
	return list
}

// save prints the tables as iptables-save does: built-in chains in the order
// of the hooks, then the others by name.
func (ts tables) save(f ruleset.Family) string {
	var b strings.Builder
	for _, t := range ts.list() {
		chains := slices.Clone(t.Chains)
		slices.SortStableFunc(chains, func(a, b *ruleset.Chain) int {
			return cmp.Or(hookOrder(t.Name, a)-hookOrder(t.Name, b), strings.Compare(a.Name, b.Name))
		})
		b.WriteString("*" + t.Name + "\n")
		for _, c := range chains {
			b.WriteString(":" + c.Name + " " + cmp.Or(c.Policy, "-") + " " + counters(c.Counters) + "\n")
		}
		for _, c := range chains {
			for _, r := range c.Rules {
				if r.Counters != (ruleset.Counters{}) {
					b.WriteString(counters(r.Counters) + " ")
				}
				b.WriteString(strings.TrimSuffix("-A "+c.Name+" "+r.Text(f), " ") + "\n")
			}
		}
		b.WriteString("COMMIT\n")
	}
	return b.String()
}

func (ts tables) parsed(f ruleset.Family) (ruleset.Tables, error) {
	return ruleset.ParseTables(f, []byte(ts.save(f)))
}

func counters(c ruleset.Counters) string {
	return "[" + strconv.FormatUint(c.Packets, 10) + ":" + strconv.FormatUint(c.Bytes, 10) + "]"
}

// builtins lists the built-in chains of a table, nil when there is no such
// table.
func builtins(table string) []string {
	switch table {
	case ruleset.Filter, ruleset.Security:
		return []string{ruleset.Input, ruleset.Forward, ruleset.Output}
	case ruleset.NAT:
		return []string{ruleset.Prerouting, ruleset.Input, ruleset.Output, ruleset.Postrouting}
	case ruleset.Mangle:
		return []string{ruleset.Prerouting, ruleset.Input, ruleset.Forward, ruleset.Output, ruleset.Postrouting}
	case ruleset.Raw:
		return []string{ruleset.Prerouting, ruleset.Output}
	}
	return nil
}

func hookOrder(table string, c *ruleset.Chain) int {
	names := builtins(table)
	if i := slices.Index(names, c.Name); i >= 0 {
		return i
	}
	return len(names)
}

// load is the work on one restore text.
type load struct {
	fake   *Fake
	family ruleset.Family
	cmd    Cmd
	number int // of the current line
	table  *ruleset.Table
}

// restore loads a text. A table takes effect at its COMMIT.
func (k *Fake) restore(f ruleset.Family, c Cmd) error {
	l := &load{fake: k, family: f, cmd: c}
	for line := range strings.Lines(c.Stdin) {
		l.number++
		if err := l.line(strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
	if l.table != nil {
		return refuse(c, 1, "%s: COMMIT expected at line %d", c.Tool, l.number+1)
	}
	return nil
}

// fail refuses the current line.
func (l *load) fail(why string) error {
	return refuse(l.cmd, 1, "%s: line %d failed: %s.", l.cmd.Tool, l.number, why)
}

func (l *load) line(line string) error {
	switch {
	case line == "" || line[0] == '#':
		return nil
	case l.table == nil:
		return l.start(line)
	case line == "COMMIT":
		return l.commit()
	case line[0] == ':':
		return l.declare(line[1:])
	}
	count, line, ok := cutCounters(line)
	if !ok {
		return l.fail("packet counter not numeric")
	}
	return l.command(count, line)
}

func (l *load) start(line string) error {
	name, ok := strings.CutPrefix(line, "*")
	if !ok || builtins(name) == nil {
		return l.fail("not a table")
	}
	l.table = &ruleset.Table{Name: name}
	if old := l.fake.family(l.family)[name]; old != nil {
		for _, c := range old.Chains {
			mine := l.table.Ensure(c.Name)
			mine.Policy, mine.Counters, mine.Rules = c.Policy, c.Counters, slices.Clone(c.Rules)
		}
	}
	for _, name := range builtins(name) {
		if c := l.table.Ensure(name); c.Policy == "" {
			c.Policy = string(ruleset.Accept)
		}
	}
	return nil
}

// cutCounters takes "[12:345] " off the front of a line.
func cutCounters(line string) (count ruleset.Counters, rest string, ok bool) {
	text, rest, found := strings.Cut(strings.TrimPrefix(line, "["), "] ")
	if line[0] != '[' {
		return count, line, true
	}
	count, ok = parseCounters(text)
	return count, rest, found && ok
}

func parseCounters(text string) (c ruleset.Counters, ok bool) {
	packets, bytes, ok := strings.Cut(text, ":")
	var err1, err2 error
	c.Packets, err1 = strconv.ParseUint(packets, 10, 64)
	c.Bytes, err2 = strconv.ParseUint(bytes, 10, 64)
	return c, ok && err1 == nil && err2 == nil
}

// declare is ":CHAIN POLICY [p:b]": it makes a user chain, or empties it.
func (l *load) declare(line string) error {
	f := strings.Fields(line)
	if len(f) != 3 {
		return l.fail("not a chain line")
	}
	count, ok := parseCounters(strings.Trim(f[2], "[]"))
	if !ok {
		return l.fail("policy counters not numeric")
	}
	if slices.Contains(builtins(l.table.Name), f[0]) {
		return l.policy(f[0], f[1], count)
	}
	if f[1] != "-" {
		return l.fail("Bad built-in chain name")
	}
	if err := checkNewChain(f[0]); err != nil {
		return l.fail(err.Error())
	}
	l.table.Ensure(f[0]).Rules = nil
	return nil
}

func (l *load) policy(chain, policy string, count ruleset.Counters) error {
	if !slices.Contains(builtins(l.table.Name), chain) {
		return l.fail("Bad built-in chain name")
	}
	if policy != string(ruleset.Accept) && policy != string(ruleset.Drop) {
		return l.fail("Bad policy name")
	}
	c := l.table.Ensure(chain)
	c.Policy, c.Counters = policy, count
	return nil
}

// command is a line that begins with a verb.
func (l *load) command(count ruleset.Counters, line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	name, rest, _ := strings.Cut(rest, " ")
	if name == "" || strings.HasPrefix(name, "-") {
		return l.fail("no chain name")
	}
	chain := l.table.Chain(name)
	switch {
	case verb == "-N" && chain != nil:
		return l.fail("Chain already exists")
	case verb == "-N":
		return l.create(name)
	case chain == nil:
		return l.fail("No chain/target/match by that name")
	case verb == "-F":
		chain.Rules = nil
		return nil
	case verb == "-X":
		return l.remove(chain)
	case verb == "-P":
		return l.policy(name, rest, ruleset.Counters{})
	case verb == "-A":
		return l.insert(chain, len(chain.Rules), count, rest)
	case verb == "-I":
		at, rest := leadingNumber(rest)
		return l.insert(chain, max(at, 1)-1, count, rest)
	case verb == "-D":
		return l.delete(chain, rest)
	}
	return l.fail("unknown command " + verb)
}

func (l *load) create(name string) error {
	if err := checkNewChain(name); err != nil {
		return l.fail(err.Error())
	}
	l.table.Ensure(name)
	return nil
}

func (l *load) remove(chain *ruleset.Chain) error {
	if slices.Contains(builtins(l.table.Name), chain.Name) {
		return l.fail("Directory not empty")
	}
	if len(chain.Rules) > 0 || l.jumpsTo(chain.Name) {
		return refuse(l.cmd, 4, "line %d: CHAIN_DEL failed (Device or resource busy): chain %s", l.number, chain.Name)
	}
	l.table.Chains = slices.DeleteFunc(l.table.Chains, func(c *ruleset.Chain) bool { return c == chain })
	return nil
}

func (l *load) jumpsTo(name string) bool {
	return slices.ContainsFunc(l.table.Chains, func(c *ruleset.Chain) bool {
		return slices.ContainsFunc(c.Rules, func(r *ruleset.Rule) bool { return r.JumpsTo() == name })
	})
}

// leadingNumber takes a rule number off the front, 0 when there is none.
func leadingNumber(text string) (int, string) {
	word, rest, _ := strings.Cut(text, " ")
	if n, err := strconv.Atoi(word); err == nil && n > 0 {
		return n, rest
	}
	return 0, text
}

func (l *load) insert(chain *ruleset.Chain, at int, count ruleset.Counters, text string) error {
	if at > len(chain.Rules) {
		return l.fail("Index of insertion too big")
	}
	rule, err := l.parse(chain.Name, text)
	if err != nil {
		return err
	}
	rule.Counters = count
	chain.Rules = slices.Insert(chain.Rules, at, rule)
	return nil
}

func (l *load) delete(chain *ruleset.Chain, text string) error {
	at, rest := leadingNumber(text)
	if at > 0 && rest == "" {
		if at > len(chain.Rules) {
			return l.fail("Index of deletion too big")
		}
		chain.Rules = slices.Delete(chain.Rules, at-1, at)
		return nil
	}
	rule, err := l.parse(chain.Name, text)
	if err != nil {
		return err
	}
	want := rule.Text(l.family)
	at = slices.IndexFunc(chain.Rules, func(r *ruleset.Rule) bool { return r.Text(l.family) == want })
	if at < 0 {
		return l.fail("Bad rule (does a matching rule exist in that chain?)")
	}
	chain.Rules = slices.Delete(chain.Rules, at, at+1)
	return nil
}

// commit checks what only the kernel checks, and makes the table real.
func (l *load) commit() error {
	if loop := findLoop(l.table); loop != "" {
		return refuse(l.cmd, 4, "line %d: RULE_APPEND failed (Too many links): rule in chain %s", l.number, loop)
	}
	l.fake.family(l.family)[l.table.Name] = l.table
	l.table = nil
	return nil
}
