package page

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/words"
)

// The fields of the form, in the order of Tab.
const (
	inField = iota
	outField
	protoField
	stateField
	srcField
	dstField
	fieldCount
)

var fieldNames = [fieldCount]string{"in", "out", "proto", "state", "src", "dst"}

// packetForm is a packet as a person writes it. An empty interface is left to
// the routes.
type packetForm [fieldCount]string

// anyPort is the source port of a packet that names none: one that is not
// privileged.
const anyPort = 40000

// formOf writes a packet into a form.
func formOf(p ruleset.Packet) packetForm {
	f := packetForm{inField: p.In, outField: p.Out, protoField: ruleset.ProtocolName(p.Proto), stateField: "NEW"}
	if p.State&ruleset.StateEstablished != 0 {
		f[stateField] = "ESTABLISHED"
	}
	ports := p.Proto == ruleset.TCP || p.Proto == ruleset.UDP
	if p.Proto == ruleset.ICMP || p.Proto == ruleset.ICMPv6 {
		f[protoField] = "icmp"
		if p.ICMPType != echoType(p.Family()) {
			f[protoField] = fmt.Sprintf("icmp/%d", p.ICMPType)
		}
	}
	f[srcField], f[dstField] = string(words.Endpoint(p.Src, p.SrcPort, ports)), string(words.Endpoint(p.Dst, p.DstPort, ports))
	return f
}

func echoType(f ruleset.Family) uint8 {
	if f == ruleset.V6 {
		return 128
	}
	return 8
}

// fieldProblem is what is wrong with a field.
type fieldProblem struct {
	field int
	text  string
}

// read makes the question of a form for one family: names stand for the first
// address that they have in it.
func (f *packetForm) read(cfg *tables.Config, fam ruleset.Family) (engine.Question, *fieldProblem) {
	var q engine.Question
	p := &q.Packet
	fail := func(field int, format string, args ...any) (engine.Question, *fieldProblem) {
		return q, &fieldProblem{field, fmt.Sprintf(format, args...)}
	}
	p.In, q.Out = f[inField], f[outField]
	for _, field := range []int{inField, outField} {
		if len(f[field]) > ruleset.MaxIfaceName {
			return fail(field, "%q is longer than an interface name can be", f[field])
		}
	}
	if text := readProto(f[protoField], fam, p); text != "" {
		return fail(protoField, "%s", text)
	}
	switch strings.ToUpper(f[stateField]) {
	case "NEW", "":
		p.State = ruleset.StateNew
	case "ESTABLISHED":
		p.State, p.TCPFlags = ruleset.StateEstablished, tcpACK
	default:
		return fail(stateField, "%q is no state: NEW for the first packet, ESTABLISHED for a later one", f[stateField])
	}
	for _, field := range []int{srcField, dstField} {
		addr, port, text := readEndpoint(f[field], cfg, fam, p.Proto)
		if text != "" {
			return fail(field, "%s", text)
		}
		if field == srcField {
			p.Src, p.SrcPort = addr, port
		} else {
			p.Dst, p.DstPort = addr, port
		}
	}
	if hasPortsProto(p.Proto) {
		if p.DstPort == 0 {
			return fail(dstField, "write the port or the service, for example %s:443", strings.TrimSuffix(f[dstField], ":"))
		}
		if p.SrcPort == 0 {
			p.SrcPort = anyPort
		}
	}
	if p.Proto != ruleset.TCP {
		p.TCPFlags = 0
	}
	return q, nil
}

// The flags of a TCP segment, as in its header.
const (
	tcpSYN = 0x02
	tcpACK = 0x10
)

func hasPortsProto(proto uint8) bool { return proto == ruleset.TCP || proto == ruleset.UDP }

// readProto reads tcp, udp, icmp, icmp/3, gre or a number; the answer is what
// is wrong.
func readProto(text string, fam ruleset.Family, p *ruleset.Packet) string {
	name, typ, typed := strings.Cut(strings.ToLower(text), "/")
	p.ICMPType = echoType(fam)
	if typed {
		n, err := strconv.ParseUint(typ, 10, 8)
		if err != nil || name != "icmp" {
			return fmt.Sprintf("%q: only icmp has a type, from 0 to 255", text)
		}
		p.ICMPType = uint8(n)
	}
	if name == "icmp" && fam == ruleset.V6 {
		name = "icmpv6"
	}
	num, ok := ruleset.ProtocolNumber(name)
	if !ok || num == 0 {
		return fmt.Sprintf("%q is no protocol: tcp, udp, icmp, icmp/3, gre or a number", text)
	}
	p.Proto, p.TCPFlags = num, tcpSYN
	return ""
}

// splitEndpoint divides an address or a name from the port behind it.
func splitEndpoint(text string) (host, port string) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		host, port, _ = strings.Cut(inner, "]")
		return host, strings.TrimPrefix(port, ":")
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return text, ""
	}
	if at := strings.LastIndexByte(text, ':'); at >= 0 && strings.Count(text, ":") == 1 {
		return text[:at], text[at+1:]
	}
	return text, ""
}

// readEndpoint reads an address or an object, and a port or a service; wrong
// says what is wrong.
func readEndpoint(text string, cfg *tables.Config, fam ruleset.Family, proto uint8) (addr netip.Addr, port uint16, wrong string) {
	host, portText := splitEndpoint(text)
	if addr, wrong = readAddr(host, cfg, fam); wrong != "" {
		return addr, 0, wrong
	}
	if portText == "" {
		return addr, 0, ""
	}
	if !hasPortsProto(proto) {
		return addr, 0, fmt.Sprintf("%s has no ports", ruleset.ProtocolName(proto))
	}
	if n, err := strconv.ParseUint(portText, 10, 16); err == nil {
		return addr, uint16(n), ""
	}
	if cfg == nil {
		return addr, 0, "the tables are not read yet, so no service is known"
	}
	s, ok := cfg.Services[portText]
	specs := s.TCP
	if proto == ruleset.UDP {
		specs = s.UDP
	}
	switch {
	case !ok:
		return addr, 0, fmt.Sprintf("%q is neither a port from 0 to 65535 nor a service", portText)
	case len(specs) == 0:
		return addr, 0, fmt.Sprintf("service %s has no %s port", portText, ruleset.ProtocolName(proto))
	}
	return addr, specs[0].Lo, ""
}

func readAddr(host string, cfg *tables.Config, fam ruleset.Family) (addr netip.Addr, wrong string) {
	if host == "" {
		return addr, "write an address, or the name of an address object"
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if ruleset.OfAddr(addr) != fam {
			return addr, fmt.Sprintf("%s is not an IP%s address, the other one is", host, fam)
		}
		return addr.WithZone(""), ""
	}
	if cfg == nil {
		return addr, "the tables are not read yet, so no name is known"
	}
	object, ok := cfg.Addresses[host]
	if !ok {
		return addr, fmt.Sprintf("%q is neither an address nor an address object", host)
	}
	values := object.V4
	if fam == ruleset.V6 {
		values = object.V6
	}
	if addr = oneOf(values); !addr.IsValid() {
		return addr, fmt.Sprintf("%s has no IP%s address that is known here", host, fam)
	}
	return addr, ""
}

// oneOf is an address that stands for an object: of a network its first host.
func oneOf(values []tables.AddrValue) netip.Addr {
	for _, v := range values {
		switch {
		case v.From.IsValid():
			return v.From
		case v.Prefix.IsSingleIP():
			return v.Prefix.Addr()
		case v.Prefix.IsValid():
			return v.Prefix.Addr().Next()
		}
	}
	return netip.Addr{}
}

// questions are the readings of a form: the one for the family that is meant
// first, then the one for the other when that makes sense too. An address says
// which family is meant; among names, want does. The problem is that of the
// first reading.
func (f *packetForm) questions(cfg *tables.Config, want ruleset.Family) ([]engine.Question, *fieldProblem) {
	for _, field := range []int{dstField, srcField} { // the source decides, since it is written first
		host, _ := splitEndpoint(f[field])
		if a, err := netip.ParseAddr(host); err == nil {
			want = ruleset.OfAddr(a)
		}
	}
	q, wrong := f.read(cfg, want)
	if wrong != nil {
		return nil, wrong
	}
	list := []engine.Question{q}
	if other, wrong := f.read(cfg, ruleset.V4+ruleset.V6-want); wrong == nil {
		list = append(list, other)
	}
	return list, nil
}

// offers lists what can stand in a field and goes with what was typed: what
// starts with it first, then what contains it. When nothing does, the end of
// the text is taken for a slip.
func (f *packetForm) offers(field int, cfg *tables.Config) []string {
	text, before := f[field], ""
	if field == srcField || field == dstField {
		if _, port := splitEndpoint(text); port != "" || strings.HasSuffix(text, ":") && strings.Count(text, ":") == 1 {
			text, before = port, text[:len(text)-len(port)]
		}
	}
	all := f.candidates(field, before != "", cfg)
	for low := strings.ToLower(text); ; low = low[:len(low)-1] {
		var starting, containing []string
		for _, c := range all {
			switch name := strings.ToLower(c); {
			case strings.HasPrefix(name, low):
				starting = append(starting, before+c)
			case strings.Contains(name, low):
				containing = append(containing, before+c)
			}
		}
		if list := append(starting, containing...); len(list) > 0 {
			return list
		}
		if len(low) < 3 {
			return nil
		}
	}
}

func (f *packetForm) candidates(field int, service bool, cfg *tables.Config) []string {
	switch field {
	case protoField:
		return []string{"tcp", "udp", "icmp", "gre", "esp", "ospf"}
	case stateField:
		return []string{"NEW", "ESTABLISHED"}
	}
	if cfg == nil {
		return nil
	}
	var list []string
	switch {
	case field == inField, field == outField:
		for _, i := range cfg.Interfaces {
			list = append(list, i.Name)
		}
		return append(list, tables.FW)
	case service:
		for _, name := range slices.Sorted(maps.Keys(cfg.Services)) {
			s := cfg.Services[name]
			if strings.EqualFold(f[protoField], "udp") && len(s.UDP) > 0 || !strings.EqualFold(f[protoField], "udp") && len(s.TCP) > 0 {
				list = append(list, name)
			}
		}
		return list
	}
	return slices.Sorted(maps.Keys(cfg.Addresses))
}
