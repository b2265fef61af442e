package tables

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxCountries is how many codes one address cell may have.
const maxCountries = 15

// checkRules reads the table rules.
func (c *checker) checkRules() {
	c.cfg.Rules = make([]Rule, 0, c.set.files[Rules].Rows())
	for row := range c.rows(Rules) {
		if r, ok := c.rule(row); ok {
			c.cfg.Rules = append(c.cfg.Rules, r)
		}
	}
}

// rule reads one row of rules, reports every problem of it, and says whether
// it was understood.
func (c *checker) rule(row Row) (Rule, bool) {
	r := Rule{Row: row, SrcZone: row.cell(0), DstZone: row.cell(1), Service: row.cell(4)}
	ok := c.sourceZone(row, Error)
	ok = c.destinationZone(row) && ok
	ok = c.ruleSource(row, &r.Src) && ok
	ok = c.ruleDestination(row, &r.Dst) && ok
	ok = c.serviceRef(row, 4) && ok
	ok = c.action(row, &r.Action) && ok
	return r, ok
}

// sourceZone checks the first cell of a rule or virtual.
func (c *checker) sourceZone(row Row, missing Severity) bool {
	zone := row.cell(0)
	switch {
	case zone == All || zone == FW:
		c.report(row, 0, fault("source zone cannot be ALL or FW; write one row for each zone"))
		return false
	case c.knows(ZoneObject, zone):
		return !c.unread[Interfaces]
	}
	f := fault("source zone %s does not exist", quote(zone))
	if missing == Warning {
		f = note("source zone %s does not exist, so the row does nothing", quote(zone))
	}
	c.report(row, 0, c.zoneHint(f, zone))
	return missing == Warning
}

func (c *checker) destinationZone(row Row) bool {
	zone := row.cell(1)
	switch {
	case zone == All || zone == FW:
		return true
	case c.knows(ZoneObject, zone):
		return !c.unread[Interfaces]
	}
	c.report(row, 1, c.zoneHint(fault("destination zone %s does not exist", quote(zone)), zone, FW, All))
	return false
}

// zoneHint adds what the zone was likely meant to be and which there are.
func (c *checker) zoneHint(f finding, zone string, words ...string) finding {
	zones := "zones: " + list(append(slices.Clone(c.defined[ZoneObject].list), words...))
	meant := c.suggestion(zone, ZoneObject, words...)
	f = didYouMean(f, meant, zones)
	if meant != "" {
		f.text += " " + zones
	}
	return f
}

// ruleSource reads the source address of a rule. ALL and GEO: win over
// objects of the same name.
func (c *checker) ruleSource(row Row, ref *AddrRef) bool {
	text := row.cell(2)
	ref.Text = text
	codes, geo := strings.CutPrefix(text, GeoPrefix)
	switch {
	case text == All:
		ref.Any = true
		return true
	case geo:
		var found []finding
		ref.Geo, found = c.countries(codes)
		return c.reportAll(row, 2, found)
	}
	ref.Object = text
	return c.addressRef(row, 2, All)
}

// ruleDestination reads the destination address of a rule.
func (c *checker) ruleDestination(row Row, ref *AddrRef) bool {
	text := row.cell(3)
	ref.Text = text
	if text == All {
		ref.Any = true
		return true
	}
	if strings.HasPrefix(text, GeoPrefix) && !c.knows(AddressObject, text) {
		c.report(row, 3, fault("GEO is possible only as source"))
		return false
	}
	ref.Object = text
	return c.addressRef(row, 3, All)
}

// countries reads the list after GEO:. A code is two letters or digits; the
// data may have codes such as A1 that are no country.
func (c *checker) countries(text string) (codes []string, found []finding) {
	if text == "" {
		return nil, []finding{fault("GEO: has an empty country list, which would match every source; write GEO:DE or ALL")}
	}
	for code := range strings.SplitSeq(text, ",") {
		upper := strings.ToUpper(code)
		switch {
		case len(code) != 2 || !letterOrDigit(code[0]) || !letterOrDigit(code[1]):
			return nil, []finding{fault("%s is not a country code; codes have two letters, as in GEO:DE,AT", quote(code))}
		case c.facts.Countries != nil && !c.facts.Countries(upper):
			found = append(found, fault("no country data loaded for GEO:%s; check the code, or give data with --geo", upper))
		case !slices.Contains(codes, upper):
			codes = append(codes, upper)
		}
	}
	if len(codes) > maxCountries {
		found = append(found, fault("%d country codes; the limit is %d in one row", len(codes), maxCountries))
	}
	return codes, found
}

// addressRef checks a cell that names an address object.
func (c *checker) addressRef(row Row, cell int, words ...string) bool {
	name := row.cell(cell)
	if c.knows(AddressObject, name) {
		_, ok := c.cfg.Addresses[name]
		return ok
	}
	if value, ok := literalAddress(name); ok {
		f := fault("%s is not an address name", quote(name))
		c.report(row, cell, didYouMean(f, c.addressOf(value), "add it to addresses and write its name here"))
		return false
	}
	f := fault("%s %s does not exist", row.Kind.column(cell).Name, quote(name))
	c.report(row, cell, didYouMean(f, c.suggestion(name, AddressObject, words...), "add it to addresses"))
	return false
}

// literalAddress reads an address or network that was written where a name
// belongs.
func literalAddress(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), true
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	return netip.Prefix{}, false
}

// addressOf finds the object that is just this network.
func (c *checker) addressOf(p netip.Prefix) string {
	for _, name := range c.defined[AddressObject].list {
		a := c.cfg.Addresses[name]
		for _, values := range [...][]AddrValue{a.V4, a.V6} {
			if len(values) == 1 && values[0].Prefix == p {
				return name
			}
		}
	}
	return ""
}

// serviceRef checks a cell that names a service or is ALL.
func (c *checker) serviceRef(row Row, cell int) bool {
	name := row.cell(cell)
	if name == All {
		return true
	}
	if c.knows(ServiceObject, name) {
		_, ok := c.cfg.Services[name]
		return ok
	}
	if port, err := strconv.ParseUint(name, 10, 16); err == nil {
		f := fault("%s is not a service name", quote(name))
		c.report(row, cell, didYouMean(f, c.serviceOf(uint16(port)), "add it to services and write its name here"))
		return false
	}
	f := fault("%s %s does not exist", row.Kind.column(cell).Name, quote(name))
	c.report(row, cell, didYouMean(f, c.suggestion(name, ServiceObject, All), "add it to services"))
	return false
}

// serviceOf finds the service that is just this port.
func (c *checker) serviceOf(port uint16) string {
	for _, name := range c.defined[ServiceObject].list {
		s := c.cfg.Services[name]
		for _, specs := range [...][]PortSpec{s.TCP, s.UDP} {
			if len(specs) == 1 && specs[0] == (PortSpec{Lo: port, Hi: port}) {
				return name
			}
		}
	}
	return ""
}

// actions are the texts of the action cell.
var actions = func() map[string]Action {
	texts := make(map[string]Action)
	for _, a := range [...]Action{{Verb: Accept}, {Verb: Accept, NAT: true}, {Verb: Reject}, {Verb: Drop}} {
		texts[a.String()] = a
		a.Log = true
		texts[a.String()] = a
	}
	return texts
}()

// actionWords are what other firewalls call our verbs.
var actionWords = map[string]string{
	"allow": "accept", "permit": "accept", "pass": "accept", "deny": "reject", "block": "drop", "masquerade": "accept+nat",
	"accept+log+nat": "accept+nat+log",
}

func (c *checker) action(row Row, action *Action) bool {
	text := row.cell(5)
	a, ok := actions[text]
	if ok {
		*action = a
		return true
	}
	f := fault("invalid action %s; use accept, accept+nat, reject or drop, each with or without +log", quote(text))
	lower := strings.ToLower(text)
	meant := actionWords[lower]
	if meant == "" {
		meant = nearest(text, slices.Sorted(maps.Keys(actions)))
	}
	c.report(row, 5, f.instead(meant))
	return false
}
