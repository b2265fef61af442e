package tables

// checkVirtuals reads the table virtuals.
func (c *checker) checkVirtuals() {
	claimed := make(map[claim]int)
	for row := range c.rows(Virtuals) {
		v, ok := c.virtual(row)
		if !ok {
			continue
		}
		c.cfg.Virtuals = append(c.cfg.Virtuals, v)
		if v.IntAddr == Docker {
			c.dockerZone(v)
		} else {
			c.checkClaim(v, claimed)
		}
	}
}

// virtual reads one row of virtuals, reports every problem of it, and says
// whether it was understood.
func (c *checker) virtual(row Row) (Virtual, bool) {
	v := Virtual{
		Row: row, SrcZone: row.cell(0), ExtAddr: row.cell(1), IntAddr: row.cell(2),
		ExtService: row.cell(3), IntService: row.cell(4),
	}
	ok := c.sourceZone(row, Warning)
	for cell := 1; cell <= 2; cell++ {
		switch text := row.cell(cell); {
		case text == All:
			c.report(row, cell, fault("%s cannot be ALL; name an address", row.Kind.column(cell).Name))
			ok = false
		case cell == 2 && text == Docker:
		default:
			ok = c.addressRef(row, cell) && ok
		}
	}
	ok = c.serviceRef(row, 3) && ok
	ok = c.serviceRef(row, 4) && ok
	if (v.ExtService == All) != (v.IntService == All) {
		c.report(row, 4, fault("when one service is ALL, the other must also be ALL"))
		return v, false
	}
	if v.IntAddr == Docker && v.ExtService == All {
		c.report(row, 3, fault("cannot expose ALL ports to containers; name a service"))
		return v, false
	}
	if !ok {
		return v, false
	}
	ok = v.IntAddr == Docker || c.virtualAddresses(v)
	return v, c.virtualServices(v) && ok
}

// virtualAddresses checks what DNAT needs of the two addresses, in the
// families in which both exist.
func (c *checker) virtualAddresses(v Virtual) bool {
	ext, in := c.cfg.Addresses[v.ExtAddr], c.cfg.Addresses[v.IntAddr]
	if (len(ext.V4) == 0 || len(in.V4) == 0) && (len(ext.V6) == 0 || len(in.V6) == 0) {
		c.report(v.Row, 2, note("%s and %s have no address family in common; the row forwards nothing", quote(v.ExtAddr), quote(v.IntAddr)))
		return true
	}
	ok := true
	for _, fam := range [...]family{ipv4, ipv6} {
		from, to := ext.values(fam), in.values(fam)
		switch {
		case len(from) > 0 && len(to) > 0:
			ok = c.singleAddress(v.Row, 1, from, fam) && ok
			ok = c.singleAddress(v.Row, 2, to, fam) && c.targetAddress(v.Row, to[0]) && ok
		case len(from) > 0:
			c.oneSided(v.Row, v.ExtAddr, v.IntAddr, fam)
		case len(to) > 0:
			c.oneSided(v.Row, v.IntAddr, v.ExtAddr, fam)
		}
	}
	return ok
}

// oneSided warns of a family that only one of two addresses has.
func (c *checker) oneSided(row Row, with, without string, fam family) {
	c.report(row, 2, note("%s has an %s address and %s has none; no %s forwarding is made", quote(with), fam, quote(without), fam))
}

// values are the members of one family.
func (a Address) values(fam family) []AddrValue {
	if fam == ipv4 {
		return a.V4
	}
	return a.V6
}

// singleAddress refuses a list where a rule of a virtual takes one address.
func (c *checker) singleAddress(row Row, cell int, values []AddrValue, fam family) bool {
	name := row.cell(cell)
	switch {
	case len(values) > 1:
		c.report(row, cell, fault("%s has %d %s addresses; a virtual needs one", quote(name), len(values), fam))
	case values[0].From.IsValid():
		c.report(row, cell, fault("%s is the range %s-%s; a virtual needs one address", quote(name), values[0].From, values[0].To))
	default:
		return true
	}
	return false
}

// targetAddress refuses what DNAT cannot send to.
func (c *checker) targetAddress(row Row, value AddrValue) bool {
	name := row.cell(2)
	switch {
	case value.Host != "":
		c.report(row, 2, fault("%s is the host name %s; DNAT needs one address", quote(name), quote(value.Host)))
	case value.Prefix.IsValid() && !value.Prefix.IsSingleIP():
		c.report(row, 2, fault("%s is %s; DNAT needs one address", quote(name), value.Prefix))
	default:
		return true
	}
	return false
}

// virtualServices checks that the ports of the two services can be
// translated. The protocols of the internal service are the ones that count,
// as in MicroFW.
func (c *checker) virtualServices(v Virtual) bool {
	if v.ExtService == All {
		return true
	}
	ext, in := c.cfg.Services[v.ExtService], c.cfg.Services[v.IntService]
	ok := c.noSourcePort(v.Row, 3, ext) && c.noSourcePort(v.Row, 4, in)
	if !ok || v.ExtService == v.IntService {
		return ok
	}
	if len(ext.TCP)+len(ext.UDP) == 0 || len(in.TCP)+len(in.UDP) == 0 {
		c.report(v.Row, 3, note("a service without ports; the row forwards nothing"))
		return true
	}
	c.checkProtocols(v, ext, in)
	for _, inside := range [...][]PortSpec{in.TCP, in.UDP} {
		for _, outside := range [...][]PortSpec{ext.TCP, ext.UDP} {
			if v.IntAddr != Docker && len(inside) > 0 && len(outside) > 0 && !c.translates(v, outside, inside) {
				return false
			}
		}
	}
	return true
}

func (c *checker) noSourcePort(row Row, cell int, s Service) bool {
	for _, specs := range [...][]PortSpec{s.TCP, s.UDP} {
		for _, spec := range specs {
			if spec.SrcHi != 0 {
				c.report(row, cell, fault("%s asks for a source port, which a virtual cannot; use a service without one", quote(s.Name)))
				return false
			}
		}
	}
	return true
}

// checkProtocols warns when the two services are not of the same protocols.
func (c *checker) checkProtocols(v Virtual, ext, in Service) {
	for _, p := range [...]struct {
		name                      string
		outside, inside, elsewise []PortSpec
	}{{"TCP", ext.TCP, in.TCP, ext.UDP}, {"UDP", ext.UDP, in.UDP, ext.TCP}} {
		if len(p.outside) == 0 && len(p.inside) > 0 {
			c.report(v.Row, 4, note("%s has no %s port but %s has; %s is forwarded from port %s all the same",
				quote(v.ExtService), p.name, quote(v.IntService), p.name, portText(p.elsewise)))
		}
	}
}

// translates checks that DNAT can send one list of ports to another.
func (c *checker) translates(v Virtual, outside, inside []PortSpec) bool {
	to := inside[0]
	switch {
	case len(inside) > 1:
		c.report(v.Row, 4, fault("%s has %d ports; a virtual that changes the port needs one port or one range", quote(v.IntService), len(inside)))
		return false
	case to.Lo == to.Hi:
		return true
	case len(outside) > 1 || outside[0].Hi-outside[0].Lo != to.Hi-to.Lo:
		c.report(v.Row, 4, fault("port ranges %s and %s have different lengths", portText(outside), portText(inside)))
		return false
	}
	return true
}

// dockerZone warns of a DOCKER virtual that reaches no container.
func (c *checker) dockerZone(v Virtual) {
	if !c.knows(ZoneObject, Docker) {
		c.report(v.Row, 2, note("DOCKER needs an interface in zone DOCKER; the row reaches no container"))
	}
}

// claim is an address and port that a virtual forwards.
type claim struct {
	zone  string
	addr  AddrValue
	proto string
	port  PortSpec
}

// checkClaim warns when an earlier row forwards the same address and port;
// the kernel takes the first.
func (c *checker) checkClaim(v Virtual, claimed map[claim]int) {
	before := 0
	for _, k := range c.claims(v) {
		if num, ok := claimed[k]; ok && before == 0 {
			before = num
			c.report(v.Row, 1, note("%s %s is already forwarded by line %d, which comes first", quote(v.ExtAddr), k.text(), num))
		} else if !ok {
			claimed[k] = v.Num
		}
	}
}

func (c *checker) claims(v Virtual) []claim {
	var claims []claim
	addr := c.cfg.Addresses[v.ExtAddr]
	for _, value := range append(append([]AddrValue(nil), addr.V4...), addr.V6...) {
		if v.ExtService == All {
			claims = append(claims, claim{v.SrcZone, value, All, PortSpec{}})
			continue
		}
		service := c.cfg.Services[v.ExtService]
		for _, spec := range service.TCP {
			claims = append(claims, claim{v.SrcZone, value, "tcp", spec})
		}
		for _, spec := range service.UDP {
			claims = append(claims, claim{v.SrcZone, value, "udp", spec})
		}
	}
	return claims
}

// text is the protocol and port as people write it.
func (k claim) text() string {
	if k.proto == All {
		return "with every port"
	}
	return k.proto + "/" + k.port.String()
}

// portText is a list of ports for a sentence.
func portText(specs []PortSpec) string {
	texts := make([]string, len(specs))
	for i, s := range specs {
		texts[i] = s.String()
	}
	return list(texts)
}
