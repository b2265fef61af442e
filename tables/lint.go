package tables

import (
	"iter"
	"slices"
)

// lint finds what compiles but is likely not meant.
func (c *checker) lint() {
	l := linter{checker: c, ids: map[string]int32{All: anything}}
	for i := range c.cfg.Rules {
		r := &c.cfg.Rules[i]
		l.matches = append(l.matches, l.match(r))
		l.dead = append(l.dead, !c.lintRule(r))
	}
	l.discovery()
	l.shadowed()
	if c.cfg.Options.NATOrder == "upstream" {
		l.masqueraded()
	}
	for _, v := range c.cfg.Virtuals {
		l.lintVirtual(v)
	}
}

// lintRule looks at one rule alone, and says whether it can match anything.
func (c *checker) lintRule(r *Rule) bool {
	if r.Action.NAT && r.DstZone == FW {
		c.report(r.Row, 5, note("accept+nat makes no sense for traffic to the firewall; no nat rule is made"))
	}
	if src := c.cfg.Addresses[r.Src.Object]; r.Src.Object != "" && multicast(src) {
		c.report(r.Row, 2, note("source %s is a multicast address and cannot be a source", quote(r.Src.Object)))
	}
	if cell, why := c.matchesNothing(r); why != "" {
		c.report(r.Row, cell, note("matches nothing: %s", why))
		return false
	}
	return true
}

// matchesNothing says why a rule has no address family or no port left, and
// in which cell.
func (c *checker) matchesNothing(r *Rule) (cell int, why string) {
	if s := c.cfg.Services[r.Service]; r.Service != All && len(s.TCP)+len(s.UDP) == 0 {
		return 4, quote(r.Service) + " has neither a TCP nor a UDP port"
	}
	src4, src6 := c.families(r.Src)
	dst4, dst6 := c.families(r.Dst)
	switch {
	case src4 && dst4, src6 && dst6:
		return 0, ""
	case !src4 && !src6:
		return 2, quote(r.Src.Object) + " has no address"
	case !dst4 && !dst6:
		return 3, quote(r.Dst.Object) + " has no address"
	case src4:
		return 2, quote(r.Src.Object) + " has no IPv6 address and " + quote(r.Dst.Object) + " has no IPv4 address"
	}
	return 2, quote(r.Src.Object) + " has no IPv4 address and " + quote(r.Dst.Object) + " has no IPv6 address"
}

// families says in which families an address cell can match.
func (c *checker) families(ref AddrRef) (v4, v6 bool) {
	if ref.Object == "" {
		return true, true
	}
	a := c.cfg.Addresses[ref.Object]
	return len(a.V4) > 0, len(a.V6) > 0
}

// multicast reports whether an object has multicast addresses only.
func multicast(a Address) bool {
	for _, values := range [...][]AddrValue{a.V4, a.V6} {
		for _, v := range values {
			addr := v.From
			if v.Prefix.IsValid() {
				addr = v.Prefix.Addr()
			}
			if !addr.IsMulticast() {
				return false
			}
		}
	}
	return len(a.V4)+len(a.V6) > 0
}

// linter looks at rules beside each other. The texts of the cells are
// numbered, so that ten thousand rows are compared in milliseconds.
type linter struct {
	*checker
	ids     map[string]int32
	matches []match // of each rule
	dead    []bool  // the rule matches nothing anyway
}

// match is what a rule asks of a packet.
type match struct{ srcZone, dstZone, src, dst, service int32 }

// What a field can hold besides the number of a name.
const (
	anything = 0  // ALL
	whatever = -1 // in an index: the field is not asked
)

func (l *linter) id(text string) int32 {
	id, ok := l.ids[text]
	if !ok {
		id = int32(len(l.ids))
		l.ids[text] = id
	}
	return id
}

func (l *linter) match(r *Rule) match {
	return match{l.id(r.SrcZone), l.id(r.DstZone), l.id(r.Src.Text), l.id(r.Dst.Text), l.id(r.Service)}
}

// with gives m and every match that comes from it when some of its fields
// other than the source zone become another value. A field that is not asked
// stays so.
func (m match) with(value int32) iter.Seq[match] {
	return func(yield func(match) bool) {
		for bits := range 16 {
			w, changed := m, true
			for i, field := range [...]*int32{&w.dstZone, &w.src, &w.dst, &w.service} {
				if bits>>i&1 == 1 {
					changed = changed && *field != value && *field != whatever
					*field = value
				}
			}
			if changed && !yield(w) {
				return
			}
		}
	}
}

// open is m without the fields that are ALL.
func (m match) open() match {
	for _, field := range [...]*int32{&m.dstZone, &m.src, &m.dst, &m.service} {
		if *field == anything {
			*field = whatever
		}
	}
	return m
}

// text is the part of a rule that a message about another row shows.
func (r *Rule) text() string {
	s := r.SrcZone + " -> " + r.DstZone
	if r.Service == All && r.Src.Any && r.Dst.Any {
		return s + " ALL " + r.Action.String()
	}
	return s + " " + r.Action.String()
}

// shadowed warns of rules that an earlier one leaves nothing to decide. An
// accept+nat row masquerades all the same and is left out.
func (l *linter) shadowed() {
	first := make(map[match]int, len(l.matches))
	for i, m := range l.matches {
		if l.dead[i] {
			continue
		}
		r, before := &l.cfg.Rules[i], -1
		for w := range m.with(anything) {
			if j, ok := first[w]; ok && (before < 0 || j < before) {
				before = j
			}
		}
		if before < 0 {
			first[m] = i
			continue
		}
		if by := &l.cfg.Rules[before]; !r.Action.NAT {
			l.report(r.Row, -1, note("never reached: rules:%d (%s) decides first", by.Num, by.text()))
		}
	}
}

// masqueraded warns of a plain accept that a later accept+nat masquerades:
// the nat table has no first match. Two rows meet when each of their fields is
// equal or ALL in one of them. So the later rows are indexed with and without
// each of their fields, and looked up by the fields that the plain row asks,
// each by its name and by ALL.
func (l *linter) masqueraded() {
	later := make(map[match]int)
	for i, r := range slices.Backward(l.cfg.Rules) {
		if l.dead[i] || r.Action.Verb != Accept || r.DstZone == FW {
			continue
		}
		if r.Action.NAT {
			for w := range l.matches[i].with(whatever) {
				later[w] = i
			}
			continue
		}
		next := len(l.cfg.Rules)
		for w := range l.matches[i].open().with(anything) {
			if j, ok := later[w]; ok {
				next = min(next, j)
			}
		}
		if next < len(l.cfg.Rules) {
			nat := &l.cfg.Rules[next]
			l.report(r.Row, 5, note("plain accept of %s->%s is masqueraded anyway by rules:%d (%s)", r.SrcZone, r.DstZone, nat.Num, nat.text()))
		}
	}
}

// discovery says what a rejection of everything towards the firewall means
// for IPv6, once for each source zone.
func (l *linter) discovery() {
	said := make(map[string]bool)
	for i := range l.cfg.Rules {
		r := &l.cfg.Rules[i]
		if said[r.SrcZone] || !r.deniesAll() || r.DstZone != FW && r.DstZone != All {
			continue
		}
		said[r.SrcZone] = true
		if l.cfg.Options.NDP == "upstream" {
			l.report(r.Row, 5, note("%ss ALL towards FW, IPv6 neighbour discovery too (options: ndp upstream); zone %s loses IPv6",
				r.Action.Verb, quote(r.SrcZone)))
		} else {
			l.report(r.Row, 5, note("%ss ALL towards FW; neighbour discovery stays allowed (options: ndp accept)", r.Action.Verb))
		}
	}
}

// deniesAll reports whether a rule refuses every packet between its zones.
func (r *Rule) deniesAll() bool {
	return r.Action.Verb != Accept && r.Src.Any && r.Dst.Any && r.Service == All
}

// lintVirtual looks at a virtual beside the rules.
func (l *linter) lintVirtual(v Virtual) {
	if by := l.virtualShadow(v); by != nil && l.cfg.Options.VirtualOrder == "upstream" {
		l.report(v.Row, -1, note("never matches: rules:%d (%s) comes first", by.Num, by.text()))
	}
	if v.IntAddr == Docker || l.cfg.Options.VirtualScope != "upstream" {
		return
	}
	target := v.IntAddr
	if service := l.cfg.Services[v.IntService]; v.IntService != All {
		target += ":" + portText(slices.Concat(service.TCP, service.UDP))
	}
	l.report(v.Row, -1, note("also lets zone %s reach %s without the virtual when it can route there (options: virtual-scope dnat)",
		quote(v.SrcZone), target))
}

// virtualShadow finds the rule that denies what a virtual forwards, before it
// is asked, whatever interface the target is behind.
func (l *linter) virtualShadow(v Virtual) *Rule {
	dst, service := v.IntAddr, v.IntService
	for i := range l.cfg.Rules {
		r := &l.cfg.Rules[i]
		if r.SrcZone != v.SrcZone || r.DstZone == FW || !r.Dst.Any && r.Dst.Object != dst || r.Service != All && r.Service != service {
			continue
		}
		if r.Action.Verb == Accept {
			return nil // the rule lets some of it through
		}
		if r.Src.Any && (r.DstZone == All || r.DstZone == Docker && dst == Docker) {
			return r
		}
	}
	return nil
}
