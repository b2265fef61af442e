package engine

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/live"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// witness asks the rules that run about new connections to this host. It keeps
// the routes that it has asked for, since each takes two system calls.
type witness struct {
	tracer *ruleset.Tracer
	names  map[string]rowName
	routes map[netip.Addr]routed
}

type routed struct {
	local bool
	name  string
}

func newWitness(rs *ruleset.Ruleset, names map[string]rowName) *witness {
	return &witness{tracer: ruleset.NewTracer(rs), names: names, routes: make(map[netip.Addr]routed)}
}

func (w *witness) route(a netip.Addr) (local bool, name string) {
	r, ok := w.routes[a]
	if !ok {
		r.local, r.name = routeTo(a)
		w.routes[a] = r
	}
	return r.local, r.name
}

func (w *witness) local(a netip.Addr) bool {
	local, _ := w.route(a)
	return local
}

// judge says whether a new TCP connection would reach a port of this host, and
// by which row, in words.
func (w *witness) judge(src, dst netip.Addr, port uint16) (bool, string) {
	_, in := w.route(src)
	if in == "" {
		return false, ""
	}
	return w.judgeVia(in, src, dst, port)
}

// someSourcePort stands for the port that a client takes.
const someSourcePort = 40000

func (w *witness) judgeVia(in string, src, dst netip.Addr, port uint16) (bool, string) {
	j := w.tracer.Judge(ruleset.Packet{
		In: in, Src: src, Dst: dst, Proto: ruleset.TCP, SrcPort: someSourcePort, DstPort: port, TCPFlags: tcpSYN,
	}, w.route)
	return j.Outcome == ruleset.Accepted && j.Local, w.words(&j)
}

// words says an outcome and what decided. The rule that decides often stands in
// a chain that many rows lead to, such as accept: then it is the row before.
func (w *witness) words(j *ruleset.Judgement) string {
	outcome := string(j.Outcome)
	if len(j.Path) == 0 {
		return outcome
	}
	last := j.Path[len(j.Path)-1]
	switch {
	case last.Rule == nil:
		return outcome + " by the policy of " + last.Chain
	case last.Rule.ID == "":
		return outcome + " by a rule of " + last.Chain
	}
	for i := len(j.Path) - 2; i >= 0 && isAction(last.Chain); i-- {
		last = j.Path[i]
	}
	return outcome + " by " + rowWords(w.names[last.Rule.ID].ref, last.Rule.ID)
}

// isAction reports whether a chain only carries out what a row decided.
func isAction(chain string) bool {
	switch strings.TrimPrefix(chain, ruleset.StagedPrefix) {
	case ruleset.ChainAccept, ruleset.ChainDrop, ruleset.ChainReject:
		return true
	}
	return false
}

// rowWords names a row as problems do, a built-in part by its name.
func rowWords(ref RowRef, id string) string {
	switch {
	case ref.Line == 0 && id == "reject":
		return finalReject
	case ref.Line > 0:
		return fmt.Sprintf("%s:%d", ref.Kind, ref.Line)
	}
	return cmp.Or(ref.Name, id)
}

// listener is a TCP port of this host with the addresses that it is bound to.
type listener struct {
	port  uint16
	bound []netip.Addr
}

// groupListeners joins the sockets of a port, without those that only this
// host itself can reach.
func groupListeners(sockets []netip.AddrPort) []listener {
	byPort := make(map[uint16][]netip.Addr)
	for _, s := range sockets {
		if !s.Addr().IsLoopback() {
			byPort[s.Port()] = append(byPort[s.Port()], s.Addr())
		}
	}
	list := make([]listener, 0, len(byPort))
	for port, bound := range byPort {
		list = append(list, listener{port, bound})
	}
	slices.SortFunc(list, func(a, b listener) int { return cmp.Compare(a.port, b.port) })
	return list
}

// at are the addresses by which a client on an interface with these addresses
// may reach the port. A socket on "::" takes IPv4 too, as long as its program
// did not forbid that, which the kernel does not tell.
func (l *listener) at(f ruleset.Family, own []netip.Addr) []netip.Addr {
	var list []netip.Addr
	for _, b := range l.bound {
		switch {
		case b.IsUnspecified() && (f == ruleset.V4 || b.Is6()):
			if i := slices.IndexFunc(own, func(a netip.Addr) bool { return ruleset.OfAddr(a) == f }); i >= 0 {
				list = append(list, own[i])
			}
		case !b.IsUnspecified() && ruleset.OfAddr(b) == f:
			list = append(list, b)
		}
	}
	return list
}

// candidate is somebody who might connect.
type candidate struct {
	src netip.Addr
	in  string
}

// services judges each port that this host listens on by those who are
// connected, and by others who might connect.
func (w *witness) services(rs *ruleset.Ruleset, flows FlowList, client netip.Addr) ([]Service, error) {
	sockets, err := live.ReadListeners()
	if err != nil {
		return nil, err
	}
	interfaces, err := live.ReadInterfaces()
	if err != nil {
		return nil, err
	}
	own := make(map[string][]netip.Addr)
	for _, i := range interfaces {
		for _, p := range i.Addrs {
			own[i.Name] = append(own[i.Name], p.Addr())
		}
	}
	others := w.candidates(rs, interfaces, client)
	reach := func(l *listener, c candidate) bool {
		return slices.ContainsFunc(l.at(ruleset.OfAddr(c.src), own[c.in]), func(dst netip.Addr) bool {
			ok, _ := w.judgeVia(c.in, c.src, dst, l.port)
			return ok
		})
	}
	return judgeServices(groupListeners(sockets), w.clients(flows), others, reach), nil
}

// judgeServices asks for every port whether anybody reaches it.
func judgeServices(ports []listener, clients map[uint16][]candidate, others []candidate, reach func(*listener, candidate) bool) []Service {
	list := make([]Service, 0, len(ports))
	for i := range ports {
		l := &ports[i]
		s := Service{Port: l.port, Clients: len(clients[l.port])}
		for _, c := range clients[l.port] {
			if reach(l, c) {
				s.Reachable = true
			} else {
				s.Cut++
			}
		}
		s.Reachable = s.Reachable || slices.ContainsFunc(others, func(c candidate) bool { return reach(l, c) })
		list = append(list, s)
	}
	return list
}

// maxClients bounds how many clients of a port are judged, and maxOthers how
// many others: a look shall take milliseconds.
const (
	maxClients = 32
	maxOthers  = 128
)

// clients are those who are connected to this host, by port.
func (w *witness) clients(flows FlowList) map[uint16][]candidate {
	byPort := make(map[uint16][]candidate)
	for _, f := range flows.All() {
		port := f.Reply.SrcPort
		if f.Proto != ruleset.TCP || !handshaken(f) || f.Orig.Src.IsLoopback() || len(byPort[port]) >= maxClients || !w.local(f.Reply.Src) {
			continue
		}
		local, in := w.route(f.Orig.Src)
		if c := (candidate{f.Orig.Src, in}); in != "" && !local && !slices.Contains(byPort[port], c) {
			byPort[port] = append(byPort[port], c)
		}
	}
	return byPort
}

// candidates are the administrator, a neighbour on each interface, and one
// address of each network that the rules name.
func (w *witness) candidates(rs *ruleset.Ruleset, interfaces []live.Interface, client netip.Addr) []candidate {
	var list []candidate
	add := func(src netip.Addr, in string) {
		if c := (candidate{src, in}); src.IsValid() && in != "" && in != "lo" && len(list) < maxOthers && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	routed := func(src netip.Addr) {
		if local, in := w.route(src); !local {
			add(src, in)
		}
	}
	if client.IsValid() {
		routed(client)
	}
	for _, i := range interfaces {
		for _, p := range i.Addrs {
			add(neighbour(p), i.Name)
		}
	}
	for _, p := range sources(rs) {
		routed(someAddr(p))
	}
	return list
}

// neighbour is an address on the link of one's own; a lone address has none.
func neighbour(own netip.Prefix) netip.Addr {
	if own.IsSingleIP() {
		return netip.Addr{}
	}
	a := own.Masked().Addr().Next()
	if a == own.Addr() {
		a = a.Next()
	}
	return a
}

// someAddr is an address of a network: of a larger one not the first, which no
// host has.
func someAddr(p netip.Prefix) netip.Addr {
	if p.IsSingleIP() {
		return p.Addr()
	}
	return p.Masked().Addr().Next()
}

// sources are networks that rules and sets name, one of each set.
func sources(rs *ruleset.Ruleset) []netip.Prefix {
	var list []netip.Prefix
	for _, name := range rs.Sets.Names() {
		for _, m := range rs.Sets[name].Members {
			if m.Prefix.IsValid() && m.Prefix.Bits() > 1 {
				list = append(list, m.Prefix)
				break
			}
		}
	}
	for _, f := range ruleset.Families() {
		filter := rs.Tables(f).Table(ruleset.Filter)
		if filter == nil {
			continue
		}
		for _, c := range filter.Chains {
			for _, r := range c.Rules {
				if len(list) >= maxOthers {
					return list
				}
				if p := r.Src.Prefix; r.ID != "" && p.IsValid() && p.Bits() > 0 && !slices.Contains(list, p) {
					list = append(list, p)
				}
			}
		}
	}
	return list
}
