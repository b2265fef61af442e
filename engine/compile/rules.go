package compile

import (
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// conditions lists for each row of rules what a packet of this family must be
// like: one rule, still without interfaces and target, for each combination of
// source, destination and protocol. A row whose objects have no address of this
// family has none, and so makes no rule.
func (f *family) conditions() [][]ruleset.Rule {
	conds := make([][]ruleset.Rule, len(f.cfg.Rules))
	for i, row := range f.cfg.Rules {
		for _, src := range f.addresses(row, row.Src) {
			for _, dst := range f.addresses(row, row.Dst) {
				for _, service := range f.services(row.Service) {
					conds[i] = append(conds[i], condition(src, dst, service))
				}
			}
		}
		f.matches[i] += len(conds[i])
	}
	return conds
}

// condition joins the parts of a row. The cheap matches come first, the sets
// of addresses last.
func condition(src, dst address, service service) ruleset.Rule {
	r := ruleset.Rule{Src: src.net, Dst: dst.net, Proto: ruleset.Proto{Num: service.proto}}
	if service.match != nil {
		r.Matches = append(r.Matches, service.match)
	}
	if src.set != "" {
		r.Matches = append(r.Matches, ruleset.MatchSet{Name: src.set, Dirs: "src"})
	}
	if dst.set != "" {
		r.Matches = append(r.Matches, ruleset.MatchSet{Name: dst.set, Dirs: "dst"})
	}
	return r
}

// addRow appends the rule of row i for one condition, and the one that logs
// before it.
func (f *family) addRow(c *ruleset.Chain, i int, cond ruleset.Rule) {
	row, id := f.cfg.Rules[i], f.ids.rules[i]
	if row.Action.Log {
		f.log(c, id, f.ids.logOf(id), cond, rowLogRate)
	}
	f.add(c, id, cond, ruleset.Jump{Chain: actionChain(row.Action.Verb)})
}

// actionChain is the chain that carries out a verb.
func actionChain(v tables.Verb) string {
	switch v {
	case tables.Accept:
		return ruleset.ChainAccept
	case tables.Drop:
		return ruleset.ChainDrop
	}
	return ruleset.ChainReject
}

// protocols accepts the protocols of an interface row. They are for the
// firewall itself only, as in MicroFW.
func (f *family) protocols(in *ruleset.Chain, p port) {
	for _, proto := range f.cfg.Interfaces[p.row].Protocols {
		if f.fam == ruleset.V6 && isExtensionHeader(proto.Num) {
			f.problem(tables.Warning, f.cfg.Interfaces[p.row].Row, 2,
				"protocol "+proto.Text+" has no effect for IPv6, where it is an extension header and not the protocol of a packet")
			continue
		}
		r := ruleset.Rule{In: iface(p.name), Proto: ruleset.Proto{Num: proto.Num}}
		f.add(in, f.ids.interfaces[p.row], r, ruleset.Accept)
	}
}

// isExtensionHeader reports the protocol numbers that ip6tables skips on its
// way to the protocol of a packet; it warns about a rule with one of them.
func isExtensionHeader(proto uint8) bool {
	switch proto {
	case 43, 44, 51, 60: // routing, fragment, authentication, destination options
		return true
	}
	return false
}
