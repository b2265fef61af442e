package tables

import "slices"

// checkAddresses reads the table addresses. The last row of a name counts, as
// in MicroFW.
func (c *checker) checkAddresses() {
	for row := range c.rows(Addresses) {
		good := c.checkDefinition(row, AddressObject)
		v4, found4 := readAddrs(row.cell(1), ipv4)
		v6, found6 := readAddrs(row.cell(2), ipv6)
		good = c.checkValues(row, found4, found6, "has no address") && good
		name := row.cell(0)
		delete(c.cfg.Addresses, name)
		if good {
			c.cfg.Addresses[name] = Address{Row: row, Name: name, V4: v4, V6: v6}
		}
	}
}

// checkServices reads the table services. The last row of a name counts, as
// in MicroFW.
func (c *checker) checkServices() {
	for row := range c.rows(Services) {
		good := c.checkDefinition(row, ServiceObject)
		tcp, foundTCP := readPorts(row.cell(1), "tcp", c.facts.Services)
		udp, foundUDP := readPorts(row.cell(2), "udp", c.facts.Services)
		good = c.checkValues(row, foundTCP, foundUDP, "has neither a TCP nor a UDP port") && good
		name := row.cell(0)
		delete(c.cfg.Services, name)
		if good {
			c.cfg.Services[name] = Service{Row: row, Name: name, TCP: tcp, UDP: udp}
		}
	}
}

// checkDefinition defines the name in the first cell of a row, reports what is
// wrong with it, and warns when it replaces an earlier row.
func (c *checker) checkDefinition(row Row, class Object) bool {
	good := c.checkName(row, 0, class)
	if before := c.define(class, row.cell(0), row.Num); before != 0 {
		c.report(row, 0, note("redefines %s from line %d; the last one wins", quote(row.cell(0)), before))
	} else {
		c.checkSpelling(row, 0, class)
	}
	return good
}

// checkValues reports what was found in the two cells after a name, and when
// both are empty.
func (c *checker) checkValues(row Row, first, second []finding, empty string) bool {
	if row.cell(1) == Empty && row.cell(2) == Empty {
		c.report(row, 1, note("%s %s; rules that use it never match", quote(row.cell(0)), empty))
	}
	good := c.reportAll(row, 1, first)
	return c.reportAll(row, 2, second) && good
}

// checkInterfaces reads the table interfaces, which also defines the zones.
func (c *checker) checkInterfaces() {
	for row := range c.rows(Interfaces) {
		name, zone := row.cell(0), row.cell(1)
		good := c.checkName(row, 0, InterfaceObject)
		good = c.checkName(row, 1, ZoneObject) && good
		if before := c.define(InterfaceObject, name, row.Num); before != 0 {
			c.report(row, 0, fault("duplicate interface: %s is already in zone %s (line %d)",
				quote(name), quote(c.set.files[Interfaces].Lines[before-1].Cells[1].Text), before))
			good = false
		}
		if c.define(ZoneObject, zone, row.Num) == 0 {
			c.checkSpelling(row, 1, ZoneObject)
		}
		protocols, found := readProtocols(row.cell(2))
		good = c.reportAll(row, 2, found) && good
		c.checkPresent(row)
		if good {
			c.cfg.Interfaces = append(c.cfg.Interfaces, Interface{Row: row, Name: name, Zone: zone, Protocols: protocols})
		}
	}
}

// checkPresent warns of an interface that does not exist now.
func (c *checker) checkPresent(row Row) {
	name := row.cell(0)
	if c.facts.Interfaces == nil || name[len(name)-1] == '+' || slices.Contains(c.facts.Interfaces, name) {
		return
	}
	f := note("%s does not exist at the moment", quote(name))
	free := slices.DeleteFunc(slices.Clone(c.facts.Interfaces), c.listsInterface)
	if meant := nearest(name, free); meant != "" {
		f = didYouMean(f, meant, "")
	}
	c.report(row, 0, f)
}

// listsInterface reports whether the table has a row for an interface.
func (c *checker) listsInterface(name string) bool {
	return slices.ContainsFunc(c.set.files[Interfaces].Lines, func(l *Line) bool {
		return l.IsRow() && l.Cells[0].Text == name
	})
}
