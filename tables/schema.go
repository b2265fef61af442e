package tables

import (
	"slices"
	"strings"
)

// Object is a class of names that the tables define in one place and use in
// others.
type Object uint8

// The classes of names.
const (
	NoObject Object = iota
	AddressObject
	ServiceObject
	ZoneObject
	InterfaceObject
)

var objectNames = [...]string{"", "address", "service", "zone", "interface"}

// String is the word for the class in a sentence.
func (o Object) String() string { return objectNames[o] }

// Column describes one column of a table.
type Column struct {
	// Title is the column's name in the header comment and on the screen.
	Title string
	// Name is the column in a sentence: "source zone".
	Name string
	// Help says in one line what may stand in a cell.
	Help string
	// Object is the class of names that the cell holds; Defines says that a
	// row makes such a name here instead of using it.
	Object  Object
	Defines bool
	// start is the display column of the cells of a table that has no other
	// row and no header.
	start int
}

// tableSchema is what is fixed about a kind of table.
type tableSchema struct {
	Columns []Column
	// intro are the comment lines above the header.
	intro []string
}

var schema = [kindCount]tableSchema{
	Addresses: {
		Columns: []Column{
			{Title: "Name", Name: "name", Object: AddressObject, Defines: true,
				Help: "a name for rules and virtuals: letters, digits, '_', '-', '.', at most 28"},
			{Title: "IPv4", Name: "IPv4 address", start: 25,
				Help: "address, network, first-last range, host name, or a comma list of them; - for none"},
			{Title: "IPv6", Name: "IPv6 address", start: 51,
				Help: "address, network, first-last range, host name, or a comma list of them; - for none"},
		},
		intro: []string{"# Address objects. Rules name addresses by these names only, so that IPv4 and IPv6 stay in step."},
	},
	Services: {
		Columns: []Column{
			{Title: "Name", Name: "name", Object: ServiceObject, Defines: true,
				Help: "a name for rules and virtuals: letters, digits, '_', '-', '.', at most 27"},
			{Title: "TCP", Name: "TCP ports", start: 16,
				Help: "port, first-last range, source>destination, or a comma list of them; - for none"},
			{Title: "UDP", Name: "UDP ports", start: 33,
				Help: "port, first-last range, source>destination, or a comma list of them; - for none"},
		},
		intro: []string{"# Services. Rules name ports by these names only."},
	},
	Interfaces: {
		Columns: []Column{
			{Title: "Interface", Name: "interface", Object: InterfaceObject, Defines: true,
				Help: "network interface, at most 15 characters"},
			{Title: "Zone", Name: "zone", Object: ZoneObject, Defines: true, start: 19,
				Help: "zone of this interface; DOCKER for the bridges of containers"},
			{Title: "Protocols", Name: "protocols", start: 31,
				Help: "IP protocols that may reach the firewall itself here, such as gre,ospf; - for none"},
		},
		intro: []string{"# Interfaces, the zone of each, and protocols that may reach the firewall itself."},
	},
	Rules: {
		Columns: []Column{
			{Title: "Src-Zone", Name: "source zone", Object: ZoneObject,
				Help: "zone where the connection comes from"},
			{Title: "Dest-Zone", Name: "destination zone", Object: ZoneObject, start: 16,
				Help: "zone, FW for the firewall itself, or ALL for FW and every zone"},
			{Title: "Src-Address", Name: "source address", Object: AddressObject, start: 33,
				Help: "address object, ALL, or GEO:DE,AT for countries"},
			{Title: "Dst-Address", Name: "destination address", Object: AddressObject, start: 54,
				Help: "address object or ALL"},
			{Title: "Service", Name: "service", Object: ServiceObject, start: 77,
				Help: "service object, or ALL for every protocol and port"},
			{Title: "Action", Name: "action", start: 92,
				Help: "accept, accept+nat, reject or drop; add +log to log"},
		},
		intro: []string{"# Rules, first match wins. What no row accepts is rejected."},
	},
	Virtuals: {
		Columns: []Column{
			{Title: "Src-Zone", Name: "source zone", Object: ZoneObject,
				Help: "zone where the connection comes from"},
			{Title: "Ext-Address", Name: "external address", Object: AddressObject, start: 17,
				Help: "address object that clients connect to"},
			{Title: "Int-Address", Name: "internal address", Object: AddressObject, start: 35,
				Help: "address object that serves them, or DOCKER for a published container port"},
			{Title: "Ext-Service", Name: "external service", Object: ServiceObject, start: 50,
				Help: "service object that clients connect to, or ALL"},
			{Title: "Int-Service", Name: "internal service", Object: ServiceObject, start: 67,
				Help: "service object at the internal address, or ALL"},
		},
		intro: []string{"# Virtual services: what arrives for the external address is sent on to the internal one."},
	},
	Options: {
		Columns: []Column{
			{Title: "Scope", Name: "scope", Help: "* for the whole firewall"},
			{Title: "Option", Name: "option", start: 15, Help: "name of the option"},
			{Title: "Value", Name: "value", start: 31, Help: "value of the option"},
		},
		intro: []string{"# Options. A row that is absent has its default."},
	},
}

// Columns describes the columns of a table, in order.
func (k Kind) Columns() []Column { return slices.Clone(schema[k].Columns) }

// Header is the comment that a new table starts with: what the table is for,
// and the column titles above where the cells will stand.
func (k Kind) Header() string {
	var b strings.Builder
	for _, line := range schema[k].intro {
		b.WriteString(line + "\n")
	}
	titles := "#"
	for i, c := range schema[k].Columns {
		titles += strings.Repeat(" ", max(1, c.start-len(titles)))
		if i == 0 {
			titles = "# "
		}
		titles += c.Title
	}
	return b.String() + "#\n" + titles + "\n"
}

// columnNames lists the columns of a table as a sentence names them.
func (k Kind) columnNames() string {
	names := make([]string, len(schema[k].Columns))
	for i, c := range schema[k].Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// column finds what is fixed about one cell; a zero Column when the table has
// no such column.
func (k Kind) column(cell int) Column {
	if cell < 0 || cell >= len(schema[k].Columns) {
		return Column{}
	}
	return schema[k].Columns[cell]
}
