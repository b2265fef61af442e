package engine_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// upstream writes what MicroFW leaves in the kernel for the same tables: its
// chains, its sets, its rules one command after the other, and its hooks. It
// shares nothing with the compiler but the typed tables.
type upstream struct {
	cfg     *tables.Config
	bridges []string
	v4, v6  *upstreamFamily
	sets    []string // commands, in order of first use
	mark    int      // of the next accept+nat row with source ALL
}

// upstreamFamily are the commands of one family.
type upstreamFamily struct {
	*upstream
	f                   ruleset.Family
	filter, nat, mangle upstreamTable
}

// upstreamTable is a table: its chains in the order of their making, and its
// rules.
type upstreamTable struct {
	chains, rules []string
}

func (t *upstreamTable) chain(names ...string) { t.chains = append(t.chains, names...) }

func (t *upstreamTable) add(chain string, words ...string) {
	t.rules = append(t.rules, "-A "+chain+" "+joined(words))
}

// insert puts a rule first into a chain.
func (t *upstreamTable) insert(chain, rule string) { t.rules = append(t.rules, "-I "+chain+" "+rule) }

// joined joins the words that are not empty.
func joined(words []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" }), " ")
}

// microFW is the payload for tables on a host with these bridges.
func microFW(cfg *tables.Config, bridges ...string) plan.Payload {
	u := &upstream{cfg: cfg, bridges: bridges, mark: 0x400}
	u.v4, u.v6 = &upstreamFamily{upstream: u, f: ruleset.V4}, &upstreamFamily{upstream: u, f: ruleset.V6}
	families := []*upstreamFamily{u.v4, u.v6}
	for _, f := range families {
		f.begin()
	}
	for _, r := range cfg.Rules {
		for _, f := range families {
			f.rule(r)
		}
	}
	for _, v := range cfg.Virtuals {
		for _, f := range families {
			f.virtual(v)
		}
	}
	for _, f := range families {
		f.end()
	}
	return plan.Payload{Sets: strings.Join(u.sets, ""), V4: u.v4.text(), V6: u.v6.text()}
}

// begin is what comes before the rows.
func (f *upstreamFamily) begin() {
	f.filter.chain("accept", "drop", "reject", "MFWINPUT", "MFWFORWARD")
	f.nat.chain("MFWPREROUTING", "MFWPOSTROUTING")
	f.filter.add("accept", "-j ACCEPT")
	f.filter.add("drop", "-j DROP")
	f.reject()
	for _, zone := range f.cfg.Zones() {
		f.filter.chain(zone+"_inp", zone+"_fwd")
	}
	f.filter.add("MFWINPUT", "-i lo -j ACCEPT")
	for _, chain := range []string{"MFWINPUT", "MFWFORWARD"} {
		f.filter.add(chain, "-m state --state RELATED,ESTABLISHED -j ACCEPT")
	}
	for _, i := range f.cfg.Interfaces {
		for _, p := range i.Protocols {
			f.filter.add("MFWINPUT", "-i", i.Name, "-p", p.Text, "-j ACCEPT")
		}
		f.filter.add("MFWINPUT", "-i", i.Name, "-j", i.Zone+"_inp")
		hairpin := "drop"
		if slices.Contains(f.bridges, i.Name) {
			hairpin = "ACCEPT"
		}
		f.filter.add("MFWFORWARD", "-i", i.Name, "-o", i.Name, "-j", hairpin)
		f.filter.add("MFWFORWARD", "-i", i.Name, "-j", i.Zone+"_fwd")
	}
	if f.marks() {
		f.mangle.chain("MFWFORWARD")
		for _, zone := range f.cfg.Zones() {
			f.mangle.chain(zone + "_fwd")
		}
		for _, i := range f.cfg.Interfaces {
			f.mangle.add("MFWFORWARD", "-i", i.Name, "-j", i.Zone+"_fwd")
		}
	}
}

// reject fills the chain of that name.
func (f *upstreamFamily) reject() {
	rules := []string{"-p tcp -j REJECT --reject-with tcp-reset", "-j REJECT --reject-with icmp6-adm-prohibited"}
	if f.f == ruleset.V4 {
		rules = []string{
			"-m addrtype --src-type BROADCAST -j DROP", "-s 224.0.0.0/4 -j DROP", "-p igmp -j DROP",
			"-p tcp -j REJECT --reject-with tcp-reset", "-p udp -j REJECT --reject-with icmp-port-unreachable",
			"-p icmp -j REJECT --reject-with icmp-host-unreachable", "-j REJECT --reject-with icmp-host-prohibited",
		}
	}
	for _, r := range rules {
		f.filter.add("reject", r)
	}
}

// marks reports whether some row needs the mangle table.
func (u *upstream) marks() bool {
	return slices.ContainsFunc(u.cfg.Rules, func(r tables.Rule) bool { return r.Action.NAT && r.Src.Any })
}

// rule is a row of rules: each chain, each protocol of the service, filter and
// nat.
func (f *upstreamFamily) rule(r tables.Rule) {
	src, okSrc := f.address(r.Src, "src")
	dst, okDst := f.address(r.Dst, "dst")
	if !okSrc || !okDst {
		return
	}
	for _, service := range f.service(r.Service) {
		target := "-j " + r.Action.Verb.String()
		if r.DstZone == tables.FW || r.DstZone == tables.All {
			f.filter.add(r.SrcZone+"_inp", src, dst, service, target)
		}
		for _, i := range f.cfg.Interfaces {
			if r.DstZone != i.Zone && r.DstZone != tables.All {
				continue
			}
			f.filter.add(r.SrcZone+"_fwd", "-o", i.Name, src, dst, service, target)
			switch {
			case r.Action.NAT && r.Src.Any:
				mark := fmt.Sprintf("%#x", f.mark)
				f.mark++
				f.mangle.add(r.SrcZone+"_fwd", "-o", i.Name, dst, service, "-j MARK --set-mark", mark)
				f.nat.add("MFWPOSTROUTING", "-o", i.Name, service, "-m mark --mark", mark, "-j MASQUERADE")
			case r.Action.NAT:
				f.nat.add("MFWPOSTROUTING", "-o", i.Name, src, dst, service, "-j MASQUERADE")
			}
		}
	}
}

// address matches an address cell; false when this family has no such rule.
func (f *upstreamFamily) address(ref tables.AddrRef, dir string) (match string, ok bool) {
	if ref.Any {
		return "", true
	}
	values := f.values(ref.Object)
	if len(values) == 0 {
		return "", false
	}
	family := "inet"
	if f.f == ruleset.V6 {
		family = "inet6"
	}
	name := ref.Object + "_" + f.f.String()
	var members []string
	for _, v := range values {
		members = append(members, v.String())
	}
	f.set(name, "hash:net family "+family, members)
	return fmt.Sprintf("-m set --match-set %s %s", name, dir), true
}

// values are the members of an address object in this family.
func (f *upstreamFamily) values(object string) []tables.AddrValue {
	if f.f == ruleset.V4 {
		return f.cfg.Addresses[object].V4
	}
	return f.cfg.Addresses[object].V6
}

// service lists the matches of a service cell, one for each protocol.
func (f *upstreamFamily) service(name string) []string {
	if name == tables.All {
		return []string{""}
	}
	var matches []string
	for _, p := range f.protocols(name) {
		set := name + "_" + p.name
		var members []string
		for _, spec := range p.ports {
			members = append(members, spec.String())
		}
		f.set(set, "bitmap:port range 0-65535", members)
		matches = append(matches, fmt.Sprintf("-p %s -m set --match-set %s dst", p.name, set))
	}
	return matches
}

type protocolPorts struct {
	name  string
	ports []tables.PortSpec
}

func (f *upstreamFamily) protocols(service string) []protocolPorts {
	s := f.cfg.Services[service]
	return slices.DeleteFunc([]protocolPorts{{"tcp", s.TCP}, {"udp", s.UDP}}, func(p protocolPorts) bool { return len(p.ports) == 0 })
}

// set makes a set, once.
func (u *upstream) set(name, typ string, members []string) {
	create := fmt.Sprintf("create %s %s\n", name, typ)
	if slices.Contains(u.sets, create) {
		return
	}
	u.sets = append(u.sets, create)
	for _, m := range members {
		u.sets = append(u.sets, fmt.Sprintf("add %s %s\n", name, m))
	}
}

// virtual is a row of virtuals. Each protocol of the external service meets
// each of the internal one, and the latter counts.
func (f *upstreamFamily) virtual(v tables.Virtual) {
	docker := v.IntAddr == tables.Docker
	ext, in := f.values(v.ExtAddr), f.values(v.IntAddr)
	if !docker && (len(ext) == 0 || len(in) == 0) {
		return
	}
	// MicroFW makes their sets although no rule asks them.
	for _, object := range []string{v.ExtAddr, v.IntAddr} {
		if object != tables.Docker {
			f.address(tables.AddrRef{Object: object}, "dst")
		}
	}
	f.service(v.ExtService)
	f.service(v.IntService)
	for _, i := range f.cfg.InZone(v.SrcZone) {
		if v.ExtService == tables.All {
			f.forward(i.Name, ext[0].String(), in[0].String(), "", "")
			continue
		}
		for _, outside := range f.protocols(v.ExtService) {
			for _, inside := range f.protocols(v.IntService) {
				extPort := fmt.Sprintf("-p %s --dport %s", inside.name, iptablesPort(outside.ports[0]))
				intPort := fmt.Sprintf("-p %s --dport %s", inside.name, iptablesPort(inside.ports[0]))
				if docker {
					f.publish(i.Name, extPort, intPort)
					continue
				}
				to := in[0].String()
				if v.ExtService != v.IntService {
					// Without brackets, over IPv6 too: another address there.
					to += ":" + inside.ports[0].String()
				}
				f.translate(i.Name, ext[0].String(), to, extPort)
				f.filter.add("MFWFORWARD", "-i", i.Name, "-d", in[0].String(), intPort, "-j ACCEPT")
			}
		}
	}
}

// forward is a virtual for every service.
func (f *upstreamFamily) forward(in, ext, to, extPort, intPort string) {
	f.translate(in, ext, to, extPort)
	f.filter.add("MFWFORWARD", "-i", in, "-d", to, intPort, "-j ACCEPT")
}

func (f *upstreamFamily) translate(in, ext, to, port string) {
	f.nat.add("MFWPREROUTING", "-i", in, "-d", ext, port, "-j DNAT --to-destination", to)
}

// publish leaves what Docker publishes to Docker's chains and its proxy.
func (f *upstreamFamily) publish(in, extPort, intPort string) {
	for _, bridge := range f.cfg.InZone(tables.Docker) {
		f.filter.add("MFWFORWARD", "-i", in, "-o", bridge.Name, intPort, "-j RETURN")
		f.filter.add("MFWINPUT", "-i", in, extPort, "-j ACCEPT")
	}
}

// iptablesPort is a port or range as iptables writes it.
func iptablesPort(p tables.PortSpec) string { return strings.ReplaceAll(p.String(), "-", ":") }

// end is what comes after the rows.
func (f *upstreamFamily) end() {
	icmp := "icmp"
	if f.f == ruleset.V6 {
		icmp = "icmpv6"
	}
	for _, chain := range []string{"MFWINPUT", "MFWFORWARD"} {
		f.filter.add(chain, "-p", icmp, "-j ACCEPT")
		f.filter.add(chain, "-j reject")
	}
	forward := "FORWARD"
	if f.f == ruleset.V4 && slices.Contains(f.cfg.Zones(), tables.Docker) {
		forward = "DOCKER-USER"
	}
	f.filter.insert("INPUT", "-j MFWINPUT")
	f.filter.insert(forward, "-j MFWFORWARD")
	f.nat.insert("PREROUTING", "-j MFWPREROUTING")
	f.nat.insert("POSTROUTING", "-j MFWPOSTROUTING")
	if f.marks() {
		f.mangle.insert("FORWARD", "-j MFWFORWARD")
	}
}

func (f *upstreamFamily) text() string {
	return f.filter.text("filter") + f.nat.text("nat") + f.mangle.text("mangle")
}

func (t *upstreamTable) text(name string) string {
	if len(t.chains) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "*%s\n", name)
	for _, c := range t.chains {
		fmt.Fprintf(&b, ":%s - [0:0]\n", c)
	}
	for _, r := range t.rules {
		fmt.Fprintln(&b, r)
	}
	return b.String() + "COMMIT\n"
}
