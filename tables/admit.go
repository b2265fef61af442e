package tables

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Wanted is a connection that a new row is to let pass.
type Wanted struct {
	// From and To are zones; To may be FW.
	From, To string
	// Src and Dst are the ends. Towards FW the destination does not count.
	Src, Dst netip.Addr
	// Proto is the IP protocol and Port the destination port. Rows can name
	// only services of TCP and UDP.
	Proto uint8
	Port  uint16
	// NAT hides the source behind the address of the outgoing interface.
	NAT bool
	// Before is the line of the row that denies it today, 0 when none does.
	Before int
}

// The protocols that a service has.
const (
	protoTCP = 6
	protoUDP = 17
)

// Admit is the set with a row that lets a connection pass, and the line of that
// row in rules. Objects that say exactly what is needed are used; others are
// made, with names that tell what they are. The row stands before the one that
// denies today, or else behind the last one of its source zone.
func (s *Set) Admit(cfg *Config, w Wanted) (*Set, int, error) {
	if w.Proto != protoTCP && w.Proto != protoUDP {
		return nil, 0, fmt.Errorf("a row names services of TCP and UDP, and this is protocol %d; write a row with ALL by hand if it shall pass", w.Proto)
	}
	if !slices.Contains(cfg.Zones(), w.From) {
		return nil, 0, fmt.Errorf("it comes from %s, which is no zone; give the interface a zone first", quote(w.From))
	}
	if w.To != FW && !slices.Contains(cfg.Zones(), w.To) {
		return nil, 0, fmt.Errorf("it goes to %s, which is no zone; give the interface a zone first", quote(w.To))
	}
	a := admission{set: s, cfg: cfg}
	src, dst := a.ends(w)
	service := a.service(w.Proto, w.Port)
	action := Action{Verb: Accept, NAT: w.NAT}
	line := a.place(w)
	a.insert(Rules, line, []string{w.From, w.To, src, dst, service, action.String()})
	return a.set, line, a.err
}

// admission makes the objects and the row, one edit after the other; after an
// error the rest does nothing.
type admission struct {
	set *Set
	cfg *Config
	err error
}

func (a *admission) insert(k Kind, line int, cells []string) {
	if a.err != nil {
		return
	}
	next, err := a.set.Edit(k, func(f *File) error { return f.InsertRow(line, cells) })
	if err != nil {
		a.err = err
		return
	}
	a.set = next
}

// behind is the line behind the last row of a table.
func (a *admission) behind(k Kind) int {
	lines := a.set.File(k).Lines
	for i, l := range slices.Backward(lines) {
		if l.IsRow() {
			return i + 2
		}
	}
	return len(lines) + 1
}

// ends are the address objects of both ends. An object that is in the other family
// too lets no more pass than was asked for as long as the other end is in one.
func (a *admission) ends(w Wanted) (src, dst string) {
	src, dst = a.find(w.Src, false), All
	if w.To != FW {
		double := false
		if dst = a.find(w.Dst, false); dst == "" {
			dst = a.find(w.Dst, true)
			double = dst != ""
		}
		if src == "" && !double {
			src = a.find(w.Src, true)
		}
	}
	if src == "" {
		src = a.host(w.Src)
	}
	if dst == "" {
		dst = a.host(w.Dst)
	}
	return src, dst
}

// find is the address object that is exactly one address, in its family alone
// unless both will do; empty for none.
func (a *admission) find(addr netip.Addr, both bool) (found string) {
	for name, o := range a.cfg.Addresses {
		values, others := o.V4, o.V6
		if addr.Is6() {
			values, others = others, values
		}
		only := len(values) == 1 && values[0].Prefix.IsSingleIP() && values[0].Prefix.Addr() == addr
		if only && (both || len(others) == 0) && (found == "" || name < found) {
			found = name
		}
	}
	return found
}

// host makes an object for an address.
func (a *admission) host(addr netip.Addr) string {
	name := a.free(objectNameOf(addr), func(name string) bool { _, taken := a.cfg.Addresses[name]; return taken })
	cells := []string{name, addr.String(), "-"}
	if addr.Is6() {
		cells = []string{name, "-", addr.String()}
	}
	a.insert(Addresses, a.behind(Addresses), cells)
	return name
}

// objectNameOf is a name for an address: all of an IPv4 one, the end of an IPv6
// one, since names have a limit.
func objectNameOf(addr netip.Addr) string {
	const limit = 20
	text := strings.NewReplacer(".", "-", "::", "-", ":", "-").Replace(addr.String())
	if len(text) > limit {
		text = text[len(text)-limit:]
	}
	return "host-" + strings.Trim(text, "-")
}

// service is the service that is exactly one port of one protocol.
func (a *admission) service(proto uint8, port uint16) string {
	found := ""
	for name, o := range a.cfg.Services {
		ports, others := o.TCP, o.UDP
		if proto == protoUDP {
			ports, others = others, ports
		}
		if len(others) == 0 && slices.Equal(ports, []PortSpec{{Lo: port, Hi: port}}) && (found == "" || name < found) {
			found = name
		}
	}
	if found != "" {
		return found
	}
	tcp, udp, label := fmt.Sprint(port), "-", "tcp"
	if proto == protoUDP {
		tcp, udp, label = "-", fmt.Sprint(port), "udp"
	}
	name := a.free(fmt.Sprintf("%s-%d", label, port), func(name string) bool { _, taken := a.cfg.Services[name]; return taken })
	a.insert(Services, a.behind(Services), []string{name, tcp, udp})
	return name
}

// free is a name that is not taken: the wanted one, or with a number.
func (a *admission) free(name string, taken func(string) bool) string {
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	return free
}

// place is the line for the row.
func (a *admission) place(w Wanted) int {
	if w.Before > 0 {
		return w.Before
	}
	last := 0
	for _, r := range a.cfg.Rules {
		if r.SrcZone != w.From {
			continue
		}
		if denies := r.Action.Verb != Accept && r.Src.Any && r.Dst.Any && r.Service == All; denies && (r.DstZone == w.To || r.DstZone == All) {
			return r.Num
		}
		last = r.Num
	}
	if last > 0 {
		return last + 1
	}
	return a.behind(Rules)
}
