package ruleset

import (
	"net/netip"
	"strings"
)

// rule reads the words after the chain name.
func (p *parser) rule(words []word) *Rule {
	rp := ruleParser{parser: p, words: words, rule: p.newRule(), found: p.scratch[:0]}
	for rp.pos < len(words) {
		if !rp.next() {
			rp.raw = true
			rp.pos++
		}
	}
	r := rp.rule
	r.Matches = p.keep(joinProtocol(rp.found))
	p.scratch = rp.found
	if rp.raw || rp.protocol != 0 && r.Proto != (Proto{Num: rp.protocol}) {
		r.Raw = p.lex.verbatims(words)
	}
	return r
}

// ruleParser reads one rule.
type ruleParser struct {
	*parser
	words []word
	pos   int
	rule  *Rule
	seen  seen
	found []Match // in the parser's scratch space until the rule is complete
	raw   bool

	protocol uint8 // the one that an extension needs, 0 for none
}

// seen remembers what may stand only once in a rule.
type seen uint8

const (
	seenSrc seen = 1 << iota
	seenDst
	seenIn
	seenOut
	seenProto
	seenTarget
	seenComment
)

// once reports whether an option stands there for the first time.
func (rp *ruleParser) once(s seen) bool {
	first := rp.seen&s == 0
	rp.seen |= s
	return first
}

// next reads one option of the rule itself, or one extension with all of its
// options. It reports false, without moving on, for a word that it does not
// understand.
func (rp *ruleParser) next() bool {
	start := rp.pos
	not := rp.words[start].bare("!")
	at := start
	if not {
		at++
	}
	if at >= len(rp.words) || rp.words[at].quoted {
		return false
	}
	option := rp.words[at].text
	switch option {
	case "-m", "--match":
		return !not && rp.match(start, at+1)
	case "-j", "--jump", "-g", "--goto":
		return !not && rp.target(start)
	}
	if baseOption(option) {
		if at+1 >= len(rp.words) || !rp.base(option, rp.words[at+1].text, not) {
			return false
		}
		rp.pos = at + 2
		return true
	}
	return rp.implicit(start, option)
}

// base reads an option that every rule has.
func (rp *ruleParser) base(option, value string, not bool) (ok bool) {
	r := rp.rule
	switch option {
	case "-s", "--source", "--src":
		if !rp.once(seenSrc) {
			return false
		}
		r.Src, ok = parseNet(rp.family, value, not)
	case "-d", "--destination", "--dst":
		if !rp.once(seenDst) {
			return false
		}
		r.Dst, ok = parseNet(rp.family, value, not)
	case "-i", "--in-interface":
		if !rp.once(seenIn) {
			return false
		}
		r.In, ok = parseIface(value, not)
	case "-o", "--out-interface":
		if !rp.once(seenOut) {
			return false
		}
		r.Out, ok = parseIface(value, not)
	case "-p", "--protocol":
		if !rp.once(seenProto) {
			return false
		}
		var num uint8
		num, ok = ProtocolNumber(value)
		r.Proto = Proto{Num: num, Not: not && num != 0}
		ok = ok && (num != 0 || !not)
	}
	return ok
}

func baseOption(s string) bool {
	switch s {
	case "-s", "-d", "-i", "-o", "-p",
		"--source", "--src", "--destination", "--dst", "--in-interface", "--out-interface", "--protocol":
		return true
	}
	return false
}

// parseNet reads an address with an optional prefix length or mask. Zones and
// other families are not understood.
func parseNet(f Family, s string, not bool) (Net, bool) {
	host, length, sliced := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" || OfAddr(addr) != f {
		return Net{}, false
	}
	bits := addr.BitLen()
	if sliced {
		var ok bool
		if bits, ok = maskBits(f, length); !ok {
			return Net{}, false
		}
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return Net{}, false
	}
	if bits == 0 && !not {
		return Net{}, true
	}
	return Net{Prefix: prefix, Not: not}, true
}

// maskBits reads "24" or "255.255.255.0"; a mask with holes is not understood.
func maskBits(f Family, s string) (int, bool) {
	if n, ok := parseUint[uint8](s, 8); ok {
		return int(n), true
	}
	mask, err := netip.ParseAddr(s)
	if err != nil || OfAddr(mask) != f {
		return 0, false
	}
	bits, ended := 0, false
	for _, b := range mask.AsSlice() {
		for bit := byte(0x80); bit != 0; bit >>= 1 {
			switch {
			case b&bit == 0:
				ended = true
			case ended:
				return 0, false
			default:
				bits++
			}
		}
	}
	return bits, true
}

func parseIface(s string, not bool) (Iface, bool) {
	if s == "+" && !not {
		return Iface{}, true
	}
	return Iface{Name: s, Not: not}, s != ""
}

// match reads "-m NAME options"; at is the position of the name.
func (rp *ruleParser) match(start, at int) bool {
	if at >= len(rp.words) {
		return false
	}
	if rp.words[at].text == "comment" {
		return rp.comment(at)
	}
	end := blockEnd(rp.words, at+1)
	rp.block(rp.words[at].text, start, at+1, end)
	return true
}

// implicit reads options of the protocol's own extension without "-m", as
// people write them.
func (rp *ruleParser) implicit(start int, option string) bool {
	if !protocolOption(option) || rp.rule.Proto.Not {
		return false
	}
	var name string
	switch rp.rule.Proto.Num {
	case TCP:
		name = "tcp"
	case UDP:
		name = "udp"
	case ICMP:
		name = "icmp"
	case ICMPv6:
		name = "icmp6"
	default:
		return false
	}
	end := blockEnd(rp.words, start)
	matches, ok := parseMatch(rp.family, name, rp.words[start:end])
	if !ok {
		return false
	}
	rp.protocol = rp.rule.Proto.Num
	rp.found = append(rp.found, matches...)
	rp.pos = end
	return true
}

// block reads the options of a named extension, which are words[at:end]. The
// same words make the same values, so they are looked up first.
func (rp *ruleParser) block(name string, start, at, end int) {
	text := rp.lex.text[rp.words[start].start:rp.words[end-1].end]
	matches, ok := rp.matches[text]
	if !ok {
		matches, ok = parseMatch(rp.family, name, rp.words[at:end])
		if !ok {
			matches = []Match{UnknownMatch{Words: rp.lex.verbatims(rp.words[start:end])}}
		}
		rp.matches[text] = matches
	}
	if n := protocolOf(name); n != 0 {
		rp.protocol = n
	}
	rp.found = append(rp.found, matches...)
	rp.pos = end
}

// protocolOf is the protocol that an extension needs, for those of which the
// types do not say it.
func protocolOf(extension string) uint8 {
	switch extension {
	case "tcp":
		return TCP
	case "udp":
		return UDP
	case "icmp":
		return ICMP
	case "icmp6", "icmpv6":
		return ICMPv6
	}
	return 0
}

// comment reads "comment --comment TEXT". A second one in the same rule is not
// understood.
func (rp *ruleParser) comment(at int) bool {
	if at+2 >= len(rp.words) || !rp.words[at+1].bare("--comment") || !rp.once(seenComment) {
		return false
	}
	text := rp.words[at+2].text
	if id, ours := strings.CutPrefix(text, CommentPrefix); ours && id != "" {
		rp.rule.ID = id
	} else {
		rp.rule.Comment = text
	}
	rp.pos = at + 3
	return true
}

// target reads "-j NAME options" or "-g CHAIN".
func (rp *ruleParser) target(start int) bool {
	if start+1 >= len(rp.words) || startsBlock(rp.words[start+1].text) || !rp.once(seenTarget) {
		return false
	}
	end := blockEnd(rp.words, start+2)
	text := rp.lex.text[rp.words[start].start:rp.words[end-1].end]
	target, ok := rp.targets[text]
	if !ok {
		target = rp.makeTarget(rp.words[start].text, rp.words[start+1:end])
		rp.targets[text] = target
	}
	rp.rule.Target = target
	rp.pos = end
	return true
}

// makeTarget tells jumps from target extensions. A bare name is a jump when
// the table has that chain or the name is not one of a target; a chain may be
// declared later in hand-written text only.
func (rp *ruleParser) makeTarget(option string, words []word) Target {
	name := words[0].text
	if option == "-g" || option == "--goto" {
		if len(words) == 1 {
			return Jump{Chain: name, Goto: true}
		}
		return UnknownTarget{Words: append([]string{"-g"}, rp.lex.verbatims(words)...)}
	}
	if _, declared := rp.chains[name]; declared && len(words) == 1 {
		return Jump{Chain: name}
	}
	if t, ok := parseTarget(rp.family, name, words[1:]); ok {
		return t
	}
	if len(words) == 1 && !isTargetName(name) {
		return Jump{Chain: name}
	}
	return UnknownTarget{Words: rp.lex.verbatims(words)}
}

// blockEnd finds where the options of an extension end: at the next option of
// the rule itself, or at the "!" before it.
func blockEnd(words []word, pos int) int {
	for pos < len(words) {
		w := words[pos]
		switch {
		case w.quoted:
			pos++
		case startsBlock(w.text):
			return pos
		case w.text == "!" && pos+1 < len(words) && !words[pos+1].quoted && startsBlock(words[pos+1].text):
			return pos
		default:
			pos += 1 + values(w.text)
		}
	}
	return min(pos, len(words))
}

func startsBlock(s string) bool {
	switch s {
	case "-m", "--match", "-j", "--jump", "-g", "--goto", "-f", "--fragment":
		return true
	}
	return baseOption(s)
}

// values is how many words after an option are values that may look like
// anything, because a person chose them.
func values(option string) int {
	switch option {
	case "--match-set", "--tcp-flags", "--add-set", "--del-set", "--map-set":
		return 2
	case "--comment", "--string", "--hex-string", "--log-prefix", "--nflog-prefix", "--ulog-prefix", "--name",
		"--hashlimit-name", "--helper", "--zone", "--path", "--physdev-in", "--physdev-out", "--label":
		return 1
	}
	return 0
}
