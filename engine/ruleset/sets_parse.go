package ruleset

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// ParseSets reads what "ipset save" printed. Of the options of a set it keeps
// type, family, default timeout and port range, and drops those that only size
// it (hashsize, maxelem, bucketsize, initval, size).
//
// Of a member it drops packets and bytes. The words that remain after an
// address or port (nomatch, comment …) are its Text; a member of any other type
// is Text as a whole. Sets of type hash:ip and bitmap:ip hold prefixes too. A
// comment may contain line feeds. The members are normalized; they share
// memory and refer to one copy of data.
//
// An error means that the text is not such a dump.
func ParseSets(data []byte) (Sets, error) {
	p := setParser{sets: make(Sets), text: string(data)}
	for pos, line := 0, 1; pos < len(p.text); {
		next := p.lineEnd(pos)
		if err := p.line(p.text[pos:next]); err != nil {
			return nil, fmt.Errorf("line %d of the sets: %w", line, err)
		}
		if strings.HasPrefix(p.text[pos:], "create ") {
			p.last.Members = slices.Grow(p.last.Members, followingLines(p.text[next:]))
		}
		line += 1 + strings.Count(p.text[pos:next], "\n")
		pos = next + 1
	}
	for _, s := range p.sets {
		s.Normalize()
	}
	return p.sets, nil
}

type setParser struct {
	text string
	sets Sets
	last *Set // the set of the line before
	bits int  // netmask of the last set, -1 when it has none
}

// followingLines estimates how many members follow a create line.
func followingLines(text string) int {
	if i := strings.Index(text, "\ncreate "); i >= 0 {
		text = text[:i]
	}
	return strings.Count(text, "\n")
}

// lineEnd finds the end of the line that starts at pos. ipset prints comments
// last and does not escape them: they may contain line feeds, but no quote.
func (p *setParser) lineEnd(pos int) int {
	end := pos + indexOrLen(p.text[pos:], '\n')
	const comment = ` comment "`
	i := strings.Index(p.text[pos:end], comment)
	if i < 0 || !strings.HasPrefix(p.text[pos:], "add ") {
		return end
	}
	closing := pos + i + len(comment)
	closing += indexOrLen(p.text[closing:], '"')
	return closing + indexOrLen(p.text[closing:], '\n')
}

func indexOrLen(s string, c byte) int {
	if i := strings.IndexByte(s, c); i >= 0 {
		return i
	}
	return len(s)
}

func (p *setParser) line(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "", "#":
		return nil
	case "create":
		return p.create(rest)
	case "add":
		return p.add(rest)
	}
	return fmt.Errorf("%q is neither create nor add", shorten(line))
}

func (p *setParser) create(rest string) error {
	words := strings.Fields(rest)
	if len(words) < 2 {
		return fmt.Errorf("create %q has no name or no type", shorten(rest))
	}
	s := &Set{Name: words[0], Type: words[1], Timeout: -1}
	p.bits = -1
	for i := 2; i+1 < len(words); i++ {
		if err := p.createOption(s, words[i], words[i+1]); err != nil {
			return fmt.Errorf("set %s: %w", s.Name, err)
		}
	}
	if strings.HasPrefix(s.Type, "bitmap:ip") {
		s.Family = V4
	}
	p.sets[s.Name], p.last = s, s
	return nil
}

// createOption takes an option that may have a value; a word that is no option,
// or none that matters, is passed over.
func (p *setParser) createOption(s *Set, option, value string) error {
	ok := true
	switch option {
	case "family":
		s.Family = V4
		if value == "inet6" {
			s.Family = V6
		}
	case "timeout":
		s.Timeout, ok = parseSeconds(value)
	case "netmask":
		var bits uint8
		bits, ok = parseUint[uint8](value, 8)
		p.bits = int(bits)
	case "range":
		if s.Type == BitmapPort {
			s.Ports, ok = parsePortRange(value, "-")
		}
	}
	if !ok {
		return fmt.Errorf("%s %q is not understood", option, value)
	}
	return nil
}

func parseSeconds(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0
}

func (p *setParser) add(rest string) error {
	name, rest, _ := strings.Cut(rest, " ")
	if p.last == nil || p.last.Name != name {
		if p.last = p.sets[name]; p.last == nil {
			return fmt.Errorf("add to set %q, which was not created", name)
		}
		p.bits = -1
	}
	m, err := p.member(rest)
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	p.last.Members = append(p.last.Members, m)
	return nil
}

func (p *setParser) member(rest string) (m Member, err error) {
	element, options, _ := strings.Cut(rest, " ")
	ok := element != ""
	switch p.last.Type {
	case HashNet, HashIP, "bitmap:ip":
		m.Prefix, ok = p.prefix(element)
	case BitmapPort:
		m.Port, ok = parsePortRange(element, "-")
	default:
		m.Text = element
	}
	if !ok {
		return m, fmt.Errorf("member %q is not understood", shorten(rest))
	}
	if options != "" {
		m.options(options)
	}
	return m, nil
}

func (p *setParser) prefix(s string) (netip.Prefix, bool) {
	if strings.IndexByte(s, '/') >= 0 {
		prefix, err := netip.ParsePrefix(s)
		return prefix, err == nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, false
	}
	bits := addr.BitLen()
	if p.bits >= 0 {
		bits = min(bits, p.bits)
	}
	return netip.PrefixFrom(addr, bits), true
}

// options sorts the words after a member: the timeout, the counters, which are
// dropped, and the rest, which is Text.
func (m *Member) options(s string) {
	for s != "" {
		word, rest, _ := strings.Cut(s, " ")
		value, after, _ := strings.Cut(rest, " ")
		switch word {
		case "timeout":
			m.Timeout, _ = parseSeconds(value)
			s = after
		case "packets", "bytes":
			s = after
		case "comment":
			m.text(s)
			return
		default:
			m.text(word)
			s = rest
		}
	}
}

func (m *Member) text(words string) {
	if m.Text != "" {
		m.Text += " "
	}
	m.Text += words
}
