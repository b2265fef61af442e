package tables

// OneFamily lists the rows of rules and virtuals that compile to IPv4 or to
// IPv6 alone, because an address they name has no member of the other family.
// What is allowed over one family and not over the other is rarely meant.
func (c *Config) OneFamily() []Row {
	var rows []Row
	for _, r := range c.Rules {
		src4, src6 := c.familiesOf(r.Src)
		dst4, dst6 := c.familiesOf(r.Dst)
		if (src4 && dst4) != (src6 && dst6) {
			rows = append(rows, r.Row)
		}
	}
	for _, v := range c.Virtuals {
		ext4, ext6 := c.familiesOf(objectRef(v.ExtAddr))
		int4, int6 := c.familiesOf(objectRef(v.IntAddr))
		if (ext4 && int4) != (ext6 && int6) {
			rows = append(rows, v.Row)
		}
	}
	return rows
}

// objectRef is the reference of an address cell of virtuals, where words that
// are not objects stand for every address.
func objectRef(name string) AddrRef {
	if name == All || name == Docker {
		return AddrRef{Any: true}
	}
	return AddrRef{Object: name}
}

// familiesOf reports the families in which a reference has members. Countries
// and host names may have both.
func (c *Config) familiesOf(ref AddrRef) (v4, v6 bool) {
	if ref.Any || len(ref.Geo) > 0 {
		return true, true
	}
	a := c.Addresses[ref.Object]
	return len(a.V4) > 0, len(a.V6) > 0
}
