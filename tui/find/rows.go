package find

import (
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/query"
)

// rowKeys are what the filter of a table may ask, by table.
func rowKeys(k tables.Kind) []query.Key {
	switch k {
	case tables.Rules:
		return []query.Key{query.Src, query.Dst, query.IP, query.Zone, query.Port, query.DPort, query.SPort, query.Proto,
			query.Action, query.NAT, query.Iface, query.State, query.Rule, query.Family}
	case tables.Virtuals:
		return []query.Key{query.Dst, query.IP, query.Zone, query.Port, query.DPort, query.Proto, query.Iface, query.State, query.Rule, query.Family}
	case tables.Addresses:
		return []query.Key{query.IP, query.State, query.Rule, query.Family}
	case tables.Services:
		return []query.Key{query.Port, query.DPort, query.SPort, query.Proto, query.State, query.Rule}
	case tables.Interfaces:
		return []query.Key{query.Iface, query.Zone, query.Proto, query.State, query.Rule}
	}
	return []query.Key{query.State, query.Rule}
}

// rowStates are the states of a row while it is edited.
var rowStates = []string{"error", "warning", "changed", "off", "ok"}

// The cells of the rows by what they hold.
const (
	ruleSrcZone, ruleDstZone, ruleSrc, ruleDst, ruleService, ruleAction = 0, 1, 2, 3, 4, 5

	virtualSrcZone, virtualExt, virtualInt, virtualExtService, virtualIntService = 0, 1, 2, 3, 4
)

// rowRecord is a row of a table as the filter sees it. Names stand for what
// the objects hold.
type rowRecord struct {
	names *Names
	kind  tables.Kind
	line  int // 0: no row, but a part of the firewall with a name
	cells []string
	state []string
	where string // what a list of several tables calls the row
}

// take makes the record that of a line.
func (r *rowRecord) take(num int, l *tables.Line) {
	r.line, r.cells = num, r.cells[:0]
	for _, c := range l.Cells {
		r.cells = append(r.cells, c.Text)
	}
}

// cell is a cell; empty when the row is too short.
func (r *rowRecord) cell(i int) string {
	if i < len(r.cells) {
		return r.cells[i]
	}
	return ""
}

// Addrs appends what the cells of a side stand for.
func (r *rowRecord) Addrs(k query.Key, to []query.Span) []query.Span {
	switch {
	case r.kind == tables.Addresses:
		return literals(literals(to, r.cell(1)), r.cell(2))
	case r.kind == tables.Rules && k == query.Src:
		return r.object(to, r.cell(ruleSrc))
	case r.kind == tables.Rules:
		return r.object(to, r.cell(ruleDst))
	case r.kind == tables.Virtuals && k == query.Dst:
		return r.object(r.object(to, r.cell(virtualExt)), r.cell(virtualInt))
	}
	return to
}

func (r *rowRecord) object(to []query.Span, name string) []query.Span {
	spans, _ := r.names.Address(name)
	return append(to, spans...)
}

// literals reads the members of an address cell.
func literals(to []query.Span, cell string) []query.Span {
	for member := range strings.SplitSeq(cell, ",") {
		if span, ok := query.ParseSpan(member); ok {
			to = append(to, span)
		}
	}
	return to
}

// Ports appends what the service cells stand for.
func (r *rowRecord) Ports(k query.Key, to []query.Ports) []query.Ports {
	switch r.kind {
	case tables.Services:
		return portsOf(portsOf(to, r.cell(1), k), r.cell(2), k)
	case tables.Rules:
		return r.service(to, r.cell(ruleService), k)
	case tables.Virtuals:
		return r.service(r.service(to, r.cell(virtualExtService), k), r.cell(virtualIntService), k)
	}
	return to
}

func (r *rowRecord) service(to []query.Ports, name string, k query.Key) []query.Ports {
	if k == query.DPort {
		ports, _ := r.names.Service(name)
		return append(to, ports...)
	}
	if cfg := r.names.config(); cfg != nil {
		svc := cfg.Services[name]
		for _, list := range [][]tables.PortSpec{svc.TCP, svc.UDP} {
			for _, p := range list {
				if p.SrcHi > 0 {
					to = append(to, query.Ports{Lo: p.SrcLo, Hi: p.SrcHi})
				}
			}
		}
	}
	return to
}

// portsOf reads the members of a port cell: 80, 1024-2048, 53>1024-65535.
func portsOf(to []query.Ports, cell string, k query.Key) []query.Ports {
	for member := range strings.SplitSeq(cell, ",") {
		src, dst, both := strings.Cut(member, ">")
		if !both {
			src, dst = "", member
		}
		if k == query.SPort {
			dst = src
		}
		if p, ok := query.ParsePorts(dst); ok {
			to = append(to, p)
		}
	}
	return to
}

// Words appends the names in the cells and what follows from them.
func (r *rowRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Rule:
		if r.line > 0 {
			return append(to, r.kind.String()+":"+strconv.Itoa(r.line))
		}
		return append(to, r.cells...)
	case query.Table:
		return append(to, r.kind.String())
	case query.State:
		return append(to, r.state...)
	case query.Family:
		return r.families(to)
	}
	switch r.kind {
	case tables.Rules:
		return r.ruleWords(k, to)
	case tables.Virtuals:
		return r.virtualWords(k, to)
	case tables.Interfaces:
		return r.interfaceWords(k, to)
	case tables.Services, tables.Addresses:
		return r.objectWords(k, to)
	}
	return to
}

func (r *rowRecord) ruleWords(k query.Key, to []string) []string {
	switch k {
	case query.Zone:
		return append(to, r.cell(ruleSrcZone), r.cell(ruleDstZone))
	case query.Src:
		return append(to, r.cell(ruleSrc))
	case query.Dst:
		return append(to, r.cell(ruleDst))
	case query.DPort:
		return append(to, r.cell(ruleService))
	case query.Proto:
		return r.protocols(to, r.cell(ruleService))
	case query.Iface:
		return r.ifaces(r.ifaces(to, r.cell(ruleSrcZone)), r.cell(ruleDstZone))
	case query.Action:
		cell := r.cell(ruleAction)
		return append(append(to, cell), strings.Split(cell, "+")...)
	case query.NAT:
		return append(to, natWord(strings.Contains(r.cell(ruleAction), "+nat"), "src"))
	}
	return to
}

func (r *rowRecord) virtualWords(k query.Key, to []string) []string {
	switch k {
	case query.Zone:
		zone := ""
		if r.cell(virtualInt) == tables.Docker {
			zone = tables.Docker
		}
		return append(to, r.cell(virtualSrcZone), zone)
	case query.Dst:
		return append(to, r.cell(virtualExt), r.cell(virtualInt))
	case query.DPort:
		return append(to, r.cell(virtualExtService), r.cell(virtualIntService))
	case query.Proto:
		return r.protocols(to, r.cell(virtualExtService))
	case query.Iface:
		return r.ifaces(to, r.cell(virtualSrcZone))
	case query.NAT:
		return append(to, "dst")
	}
	return to
}

func (r *rowRecord) interfaceWords(k query.Key, to []string) []string {
	switch k {
	case query.Zone:
		return append(to, r.cell(1), "")
	case query.Iface:
		return append(to, r.cell(0))
	case query.Proto:
		return append(to, strings.Split(r.cell(2), ",")...)
	}
	return to
}

func (r *rowRecord) objectWords(k query.Key, to []string) []string {
	switch {
	case k == query.Proto && r.kind == tables.Services:
		for i, name := range []string{"tcp", "udp"} {
			if cell := r.cell(1 + i); cell != "" && cell != tables.Empty {
				to = append(to, name)
			}
		}
	case r.kind == tables.Addresses && (k == query.Src || k == query.Dst), r.kind == tables.Services && k == query.DPort:
		to = append(to, r.cell(0))
	}
	return to
}

func natWord(on bool, word string) string {
	if on {
		return word
	}
	return "none"
}

// protocols are those for which a service has ports.
func (r *rowRecord) protocols(to []string, service string) []string {
	cfg := r.names.config()
	if cfg == nil {
		return to
	}
	svc := cfg.Services[service]
	if len(svc.TCP) > 0 {
		to = append(to, "tcp")
	}
	if len(svc.UDP) > 0 {
		to = append(to, "udp")
	}
	return to
}

// ifaces are the interfaces of a zone; ALL is every zone.
func (r *rowRecord) ifaces(to []string, zone string) []string {
	cfg := r.names.config()
	if cfg == nil {
		return to
	}
	for _, i := range cfg.Interfaces {
		if i.Zone == zone || zone == query.EveryZone {
			to = append(to, i.Name)
		}
	}
	return to
}

// families are those in which the row can match: both sides must have an
// address in it.
func (r *rowRecord) families(to []string) []string {
	v4, v6 := true, true
	switch r.kind {
	case tables.Addresses:
		v4, v6 = r.cell(1) != tables.Empty, r.cell(2) != tables.Empty
	case tables.Rules:
		v4, v6 = r.narrow(v4, v6, r.cell(ruleSrc))
		v4, v6 = r.narrow(v4, v6, r.cell(ruleDst))
	case tables.Virtuals:
		v4, v6 = r.narrow(v4, v6, r.cell(virtualExt))
		v4, v6 = r.narrow(v4, v6, r.cell(virtualInt))
	}
	if v4 {
		to = append(to, "v4")
	}
	if v6 {
		to = append(to, "v6")
	}
	return to
}

// narrow leaves the families in which an address object has something.
func (r *rowRecord) narrow(v4, v6 bool, name string) (bool, bool) {
	cfg := r.names.config()
	if cfg == nil || special(name) {
		return v4, v6
	}
	a := cfg.Addresses[name]
	return v4 && len(a.V4) > 0, v6 && len(a.V6) > 0
}

// Text appends the cells and what the list calls the row.
func (r *rowRecord) Text(to []byte) []byte {
	for _, c := range r.cells {
		to = append(append(to, c...), ' ')
	}
	return append(to, r.where...)
}

// cellTerm is the term that finds rows with the same cell.
func cellTerm(k tables.Kind, cell int, text string) string {
	switch k {
	case tables.Rules:
		switch cell {
		case ruleSrcZone:
			return query.Term(query.Zone, text+">")
		case ruleDstZone:
			return query.Term(query.Zone, ">"+text)
		case ruleAction:
			return query.Term(query.Action, text)
		}
		return query.Term([]query.Key{ruleSrc: query.Src, ruleDst: query.Dst, ruleService: query.DPort}[cell], text)
	case tables.Virtuals:
		return query.Term([]query.Key{query.Zone, query.Dst, query.Dst, query.DPort, query.DPort}[min(cell, virtualIntService)], text)
	case tables.Interfaces:
		return query.Term([]query.Key{query.Iface, query.Zone, query.Text}[min(cell, 2)], text)
	}
	return query.Term(query.Text, text)
}

// RowRecords shows the rows of a table to the filter. The words of the filter
// are those of the table.
func RowRecords(n *Names, k tables.Kind, file *tables.File, lines []int, signs *desk.Signs) func(i int) query.Record {
	n.Speak(rowKeys(k), map[query.Key][]string{query.State: rowStates, query.Action: actionWords()})
	record := &rowRecord{names: n, kind: k}
	return func(i int) query.Record {
		line := file.Line(lines[i])
		record.take(lines[i], line)
		record.state = statesOf(signs, record.state[:0], line, lines[i])
		return record
	}
}

// statesOf are the words for what the signs of a row say.
func statesOf(s *desk.Signs, to []string, line *tables.Line, num int) []string {
	if s.Changed(line) != "" {
		to = append(to, "changed")
	}
	switch severity, _, bad := s.Worst(num); {
	case line.Disabled:
		return append(to, "off")
	case bad:
		return append(to, severity.String())
	}
	return append(to, "ok")
}

// RowTerms are the terms of a row, those of one cell first.
func RowTerms(k tables.Kind, line int, cells []string, first int) []string {
	var terms []string
	for n := range min(len(cells), len(k.Columns())) {
		cell := (first + n) % len(k.Columns())
		if cell < len(cells) && cells[cell] != tables.Empty {
			terms = append(terms, cellTerm(k, cell, cells[cell]))
		}
	}
	return append(terms, k.String()+":"+strconv.Itoa(line))
}

// actionWords are the actions of a rule and their parts.
func actionWords() []string { return []string{"accept", "reject", "drop", "nat", "log", "accept+nat"} }
