package compile

import (
	"fmt"
	"slices"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// The marks of accept+nat rows count up from firstMark, as MicroFW's do, but
// within markMask: the upper half of the mark belongs to other software.
const (
	firstMark = 0x400
	markMask  = 0xffff
)

// firstMatchNAT reports whether the row that decides about a packet also
// decides about its masquerading. In MicroFW every accept+nat row that matches
// masquerades, even below the row that decided.
func (c *compiler) firstMatchNAT() bool { return c.cfg.Options.NATOrder == "first-match" }

// assignMarks gives a mark to each accept+nat row whose packets POSTROUTING
// could not tell by their addresses: those with source ALL, since POSTROUTING
// sees no input interface, and with first-match NAT all of them. A row to FW
// has none: what goes there leaves through no interface.
func (c *compiler) assignMarks() {
	c.marks = make(map[int]uint32)
	for i, row := range c.cfg.Rules {
		if !row.Action.NAT || row.DstZone == tables.FW || !row.Src.Any && !c.firstMatchNAT() {
			continue
		}
		mark := uint32(firstMark + len(c.marks))
		if mark > markMask {
			c.problem(tables.Error, row.Row, 5,
				fmt.Sprintf("more than %d accept+nat rows need a mark; write the source address instead of ALL where you can", markMask-firstMark+1))
			return
		}
		c.marks[i] = mark
	}
}

// nat fills the nat table. Only the first packet of a flow comes here.
func (f *family) nat() {
	t := f.tables.Ensure(ruleset.NAT)
	f.virtualNAT(t.Chain(ruleset.RootPrerouting))
	post := t.Chain(ruleset.RootPostrouting)
	for i, row := range f.cfg.Rules {
		if !row.Action.NAT || len(f.conds[i]) == 0 {
			continue
		}
		if mark, ok := f.marks[i]; ok {
			f.masqueradeMarked(post, i, mark)
			continue
		}
		for _, p := range f.layout.outs(row.DstZone) {
			for _, cond := range f.conds[i] {
				cond.Out = iface(p.name)
				f.add(post, f.ids.rules[i], cond, ruleset.Masquerade{})
			}
		}
	}
}

// masqueradeMarked masquerades what the mangle rules of row i have marked. It
// asks for interface and service again, so that a mark of other software alone
// does not masquerade.
func (f *family) masqueradeMarked(post *ruleset.Chain, i int, mark uint32) {
	for _, p := range f.layout.outs(f.cfg.Rules[i].DstZone) {
		for _, s := range f.services(f.cfg.Rules[i].Service) {
			r := condition(address{}, address{}, s)
			r.Out = iface(p.name)
			r.Matches = append(r.Matches, ruleset.MatchMark{Value: mark, Mask: markMask})
			f.add(post, f.ids.rules[i], r, ruleset.Masquerade{})
		}
	}
}

// mangle fills the mangle table: MFWFORWARD leads to a chain for each source
// zone, which marks what shall be masqueraded. A mark rule does not end the
// walk, so the last one that matches wins; with first-match NAT everything
// stands in reverse for that reason.
func (f *family) mangle() {
	if len(f.marks) == 0 {
		return
	}
	t := f.tables.Ensure(ruleset.Mangle)
	root := t.Chain(ruleset.RootForward)
	// Packets of a known flow never see the nat table again.
	known := ruleset.MatchState{States: ruleset.StateEstablished}
	f.add(root, f.ids.builtIn("established"), ruleset.Rule{Matches: []ruleset.Match{known}}, ruleset.Return)
	for _, z := range f.layout.zones {
		f.markZone(t, z)
	}
	ports := slices.Clone(f.layout.ports)
	if f.firstMatchNAT() {
		slices.Reverse(ports)
	}
	for _, p := range ports {
		if t.Chain(p.zone.fwd) != nil {
			f.add(root, f.ids.builtIn("zone-"+p.name), ruleset.Rule{In: iface(p.name)}, ruleset.Jump{Chain: p.zone.fwd})
		}
	}
}

// markZone fills the mangle chain of a zone. With first-match NAT a row without
// nat takes the mark away again that an accept+nat row below has set.
func (f *family) markZone(t *ruleset.Table, z *zone) {
	if !f.firstMatchNAT() {
		for _, i := range z.rows {
			if mark, ok := f.marks[i]; ok {
				f.setMark(t, z, i, mark)
			}
		}
		return
	}
	// Whether a row with a mark stands below; with overlapping interfaces it
	// may be one of another zone.
	below := f.layout.flat
	for _, i := range slices.Backward(z.rows) {
		mark, ok := f.marks[i]
		below = below || ok
		if below {
			f.setMark(t, z, i, mark)
		}
	}
}

// setMark marks what row i matches; 0 is no mark.
func (f *family) setMark(t *ruleset.Table, z *zone, i int, mark uint32) {
	for _, p := range f.layout.outs(f.cfg.Rules[i].DstZone) {
		for _, cond := range f.conds[i] {
			cond.Out = iface(p.name)
			f.add(t.Ensure(z.fwd), f.ids.rules[i], cond, ruleset.SetMark{Value: mark, Mask: markMask})
		}
	}
}
