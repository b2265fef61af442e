package ruleset

import (
	"errors"
	"fmt"
	"strconv"
)

// Verb is what a line of a restore file does with a rule.
type Verb string

// The verbs.
const (
	Append Verb = "-A"
	Insert Verb = "-I"
	Delete Verb = "-D"
)

// Printer writes text for iptables-restore or ip6tables-restore, one family in
// one text. It writes typed values only, and only those that every back end
// reads back as they were meant. The first line that it must not write sticks
// as its error; the text is then not to be had.
//
// The zero value is not usable, see NewPrinter.
type Printer struct {
	family Family
	text   []byte
	table  string
	err    error
}

// NewPrinter starts a text for one family.
func NewPrinter(f Family) *Printer { return &Printer{family: f} }

// Table starts a table. Commit must end it.
func (p *Printer) Table(name string) {
	switch name {
	case Filter, NAT, Mangle, Raw, Security:
	default:
		p.fail(fmt.Errorf("%q is not a table", name))
	}
	if p.table != "" {
		p.fail(fmt.Errorf("table %s starts inside table %s", name, p.table))
	}
	p.table = name
	p.text = append(append(append(p.text, '*'), name...), '\n')
}

// Commit ends the table.
func (p *Printer) Commit() {
	if p.table == "" {
		p.fail(errors.New("no table to commit"))
	}
	p.table = ""
	p.text = append(p.text, "COMMIT\n"...)
}

// Declare writes the declaration of a user chain, which makes it, or empties
// it where it exists, --noflush or not.
func (p *Printer) Declare(chain string) {
	p.userChain(chain)
	p.line(":", chain, " - [0:0]")
}

// NewChain makes a user chain; the load fails where it exists.
func (p *Printer) NewChain(chain string) {
	p.userChain(chain)
	p.line("-N ", chain)
}

// Flush removes every rule of a user chain.
func (p *Printer) Flush(chain string) {
	p.userChain(chain)
	p.line("-F ", chain)
}

// DeleteChain removes a user chain, which must be empty and unused.
func (p *Printer) DeleteChain(chain string) {
	p.userChain(chain)
	p.line("-X ", chain)
}

// WriteRule writes one rule; Insert puts it on top of the chain, Delete removes
// the first rule like it. With counters, a rule that has some gets them, for
// --counters.
func (p *Printer) WriteRule(verb Verb, chain string, r *Rule, counters bool) {
	p.needTable()
	if !builtin(chain) {
		p.userChain(chain)
	}
	if verb != Append && verb != Insert && verb != Delete {
		p.fail(fmt.Errorf("%q is not a verb", string(verb)))
	}
	if err := r.Printable(p.family); err != nil {
		p.fail(fmt.Errorf("%s rule in chain %s: %w", p.family, chain, err))
		return
	}
	p.writeRule(verb, chain, 0, r, counters && verb != Delete)
}

// InsertAt inserts a rule so that it becomes the one with this number,
// counting from 1.
func (p *Printer) InsertAt(chain string, at int, r *Rule) {
	p.userChain(chain)
	if err := r.Printable(p.family); err != nil {
		p.fail(fmt.Errorf("%s rule in chain %s: %w", p.family, chain, err))
		return
	}
	p.writeRule(Insert, chain, at, r, true)
}

// DeleteAt deletes the rule with this number, counting from 1.
func (p *Printer) DeleteAt(chain string, at int) {
	p.userChain(chain)
	p.line("-D ", chain, " ", strconv.Itoa(at))
}

// writeRule writes a printable rule; a number of 0 is left out.
func (p *Printer) writeRule(verb Verb, chain string, at int, r *Rule, counters bool) {
	start := len(p.text)
	if counters && r.Counters != (Counters{}) {
		p.text = append(appendCounters(p.text, r.Counters), ' ')
	}
	p.text = append(append(append(append(p.text, verb...), ' '), chain...), ' ')
	if at > 0 {
		p.text = append(strconv.AppendInt(p.text, int64(at), 10), ' ')
	}
	p.text = r.appendRule(p.text, p.family, true)
	if p.text[len(p.text)-1] == ' ' {
		p.text = p.text[:len(p.text)-1]
	}
	p.text = append(p.text, '\n')
	if n := len(p.text) - start; n > MaxLine {
		p.fail(fmt.Errorf("rule in chain %s takes %d bytes, the limit is %d", chain, n, MaxLine))
	}
}

// Text is everything that was written, or the first error.
func (p *Printer) Text() (string, error) {
	if p.err == nil && p.table != "" {
		p.fail(fmt.Errorf("table %s has no commit", p.table))
	}
	if p.err != nil {
		return "", fmt.Errorf("write the rules of IP%s: %w", p.family, p.err)
	}
	return string(p.text), nil
}

// Empty reports whether nothing was written.
func (p *Printer) Empty() bool { return len(p.text) == 0 }

func (p *Printer) line(parts ...string) {
	p.needTable()
	for _, part := range parts {
		p.text = append(p.text, part...)
	}
	p.text = append(p.text, '\n')
}

func (p *Printer) needTable() {
	if p.table == "" {
		p.fail(errors.New("no table to write to"))
	}
}

func (p *Printer) userChain(name string) {
	if builtin(name) {
		p.fail(fmt.Errorf("chain %s is built in", name))
		return
	}
	if err := CheckChainName(name); err != nil {
		p.fail(err)
	}
}

func (p *Printer) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func appendCounters(b []byte, c Counters) []byte {
	b = strconv.AppendUint(append(b, '['), c.Packets, 10)
	b = strconv.AppendUint(append(b, ':'), c.Bytes, 10)
	return append(b, ']')
}

// builtin reports whether every table of iptables that has this chain has it
// from the start.
func builtin(chain string) bool {
	switch chain {
	case Prerouting, Input, Forward, Output, Postrouting:
		return true
	}
	return false
}

// Printable says why a rule must not be written: it was not understood as a
// whole, it has a comment that is not ours, or a value that the tools would
// refuse or read as something else.
func (r *Rule) Printable(f Family) error {
	switch {
	case r.Raw != nil:
		return notUnderstood(r.Raw)
	case r.Comment != "":
		return fmt.Errorf("comment %q is not one of ours", r.Comment)
	}
	if err := checkText("comment", r.comment(), MaxComment); err != nil {
		return err
	}
	if err := r.checkBase(f); err != nil {
		return err
	}
	for _, m := range r.Matches {
		if err := r.checkMatch(f, m); err != nil {
			return err
		}
	}
	if err := r.checkMarks(); err != nil {
		return err
	}
	if r.Target == nil {
		return nil
	}
	return r.checkTarget(f)
}

// checkMarks refuses what no variant of iptables 1.8.9 loads: mark and connmark
// in one rule, one of them twice. Both call their option --mark, and the tools
// then take the second for a repetition of the first.
func (r *Rule) checkMarks() error {
	marks, connMarks := 0, 0
	for _, m := range r.Matches {
		switch m.(type) {
		case MatchMark:
			marks++
		case MatchConnMark:
			connMarks++
		}
	}
	if marks > 0 && connMarks > 0 && marks+connMarks > 2 {
		return errors.New("mark and connmark in one rule may be asked once each")
	}
	return nil
}

func (r *Rule) checkBase(f Family) error {
	for _, i := range []Iface{r.In, r.Out} {
		if i == (Iface{}) {
			continue
		}
		if err := CheckIfaceName(i.Name); err != nil {
			return err
		}
	}
	for _, n := range []Net{r.Src, r.Dst} {
		if !n.Prefix.IsValid() {
			continue
		}
		if err := checkAddr(f, n.Prefix.Addr()); err != nil {
			return err
		}
		if n.Not && n.Prefix.Bits() == 0 {
			// iptables-nft refuses it, iptables-legacy takes it.
			return errors.New("not any address matches nothing")
		}
	}
	if r.Proto.Not && r.Proto.Num == 0 {
		return errors.New("not any protocol matches nothing")
	}
	return nil
}

// checkMatch checks a match by itself and against the protocol.
func (r *Rule) checkMatch(f Family, m Match) error {
	if err := m.check(f); err != nil {
		return err
	}
	var want []uint8
	switch m.(type) {
	case MatchPorts, MatchMultiport:
		want = []uint8{TCP, UDP}
	case MatchTCPFlags:
		want = []uint8{TCP}
	case MatchICMP:
		want = []uint8{ICMP}
		if f == V6 {
			want = []uint8{ICMPv6}
		}
	default:
		return nil
	}
	return r.needsProtocol(fmt.Sprintf("%T", m), want...)
}

// checkTarget checks a target by itself and against the protocol.
func (r *Rule) checkTarget(f Family) error {
	if err := r.Target.check(f); err != nil {
		return err
	}
	switch t := r.Target.(type) {
	case Reject:
		if t.With == "tcp-reset" {
			return r.needsProtocol("tcp-reset", TCP)
		}
	case DNAT:
		if t.Ports != (PortRange{}) {
			return r.needsProtocol("dnat to a port", TCP, UDP)
		}
	case SNAT:
		if t.Ports != (PortRange{}) {
			return r.needsProtocol("snat to a port", TCP, UDP)
		}
	case Masquerade:
		if t.Ports != (PortRange{}) {
			return r.needsProtocol("masquerade to ports", TCP, UDP)
		}
	}
	return nil
}

func (r *Rule) needsProtocol(what string, want ...uint8) error {
	for _, n := range want {
		if r.Proto == (Proto{Num: n}) {
			return nil
		}
	}
	return fmt.Errorf("%s needs protocol %s", what, ProtocolName(want[0]))
}

// RestoreText writes the tables of one family as a whole: every chain declared,
// then its rules. What stands in built-in chains is written as hooks are, with
// -I: policies are never ours.
func (rs *Ruleset) RestoreText(f Family) (string, error) {
	p := NewPrinter(f)
	for _, t := range *rs.Tables(f) {
		p.WriteTable(t)
	}
	return p.Text()
}

// WriteTable writes a table as RestoreText does; a table without chains writes
// nothing.
func (p *Printer) WriteTable(t *Table) {
	if len(t.Chains) == 0 {
		return
	}
	p.Table(t.Name)
	for _, c := range t.Chains {
		if !builtin(c.Name) {
			p.Declare(c.Name)
		}
	}
	for _, c := range t.Chains {
		verb, rules := Append, c.Rules
		for i := range rules {
			r := rules[i]
			if builtin(c.Name) {
				verb, r = Insert, rules[len(rules)-1-i]
			}
			p.WriteRule(verb, c.Name, r, true)
		}
	}
	p.Commit()
}

// SaveText writes tables as iptables-save -c prints them, what is not ours and
// what was not understood included. Parsing it gives the same tables. It is
// for people, comparisons and fakes, and must never be loaded: foreign text can
// carry whole rules.
func (ts Tables) SaveText(f Family) string {
	var b []byte
	for _, t := range ts {
		b = append(append(append(b, '*'), t.Name...), '\n')
		for _, c := range t.Chains {
			policy := c.Policy
			if policy == "" {
				policy = "-"
			}
			b = append(append(append(append(b, ':'), c.Name...), ' '), policy...)
			b = append(appendCounters(append(b, ' '), c.Counters), '\n')
		}
		for _, c := range t.Chains {
			for _, r := range c.Rules {
				b = append(append(appendCounters(b, r.Counters), " -A "...), c.Name...)
				b = append(r.appendRule(append(b, ' '), f, true), '\n')
			}
		}
		b = append(b, "COMMIT\n"...)
	}
	return string(b)
}
