package engine

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Finding is something about this host that would surprise an administrator,
// and what to do about it.
type Finding struct {
	What string
	Do   string
}

// hostFacts are what the findings are drawn from.
type hostFacts struct {
	caps    host.Capabilities
	live    *ruleset.Ruleset
	cfg     *tables.Config // nil: the tables have errors
	sysctl  map[string]string
	applied bool
	damaged error    // the confirmed generation cannot be read
	ports   []string // interfaces that are ports of a bridge
	hooks   []HookPlace
	// units maps a systemd unit to whether it is enabled; nil without
	// systemd.
	units map[string]bool
}

// doctorSysctls are read for the findings; the values are text as in /proc.
var doctorSysctls = [...]string{
	"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding",
	"net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables",
	"net.netfilter.nf_conntrack_acct",
}

// Doctor looks for what would surprise. It changes nothing.
func (e *Engine) Doctor(ctx context.Context) ([]Finding, error) {
	facts := hostFacts{sysctl: make(map[string]string), units: enabledUnits("mfwtui.service", "microfw.service", "ufw.service", "firewalld.service", "netfilter-persistent.service")}
	var err error
	if facts.caps, err = e.kernel.Probe(ctx); err != nil {
		return nil, err
	}
	if facts.live, err = e.kernel.Read(ctx); err != nil {
		return nil, fmt.Errorf("read the live ruleset: %w", err)
	}
	_, facts.applied = apply.Current(e.paths)
	if set, problems := e.Load(); !problems.HasErrors() {
		if cfg, found := e.Check(set); !found.HasErrors() {
			facts.cfg = cfg
		}
	}
	facts.hooks, facts.damaged = e.hooksIn(facts.live)
	facts.ports = bridgePorts(facts.caps.Interfaces)
	for _, name := range doctorSysctls {
		facts.sysctl[name] = readSysctl(name)
	}
	return facts.findings(), nil
}

// readSysctl reads a sysctl of this network namespace; empty when it does not
// exist.
func readSysctl(name string) string {
	data, err := os.ReadFile(filepath.Join("/proc/sys", strings.ReplaceAll(name, ".", "/")))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// enabledUnits looks for the links that systemctl enable makes.
func enabledUnits(names ...string) map[string]bool {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return nil
	}
	units := make(map[string]bool, len(names))
	for _, n := range names {
		links, _ := filepath.Glob("/etc/systemd/system/*.target.wants/" + n)
		units[n] = len(links) > 0
	}
	return units
}

func (f *hostFacts) findings() []Finding {
	var list []Finding
	add := func(what, do string) { list = append(list, Finding{what, do}) }
	if len(f.caps.OtherTables) > 0 {
		add(bothBackEnds(f.caps), "use one back end; update-alternatives --config iptables shows the choice")
	}
	if !f.caps.DeadMan {
		add("the kernel cannot roll back by itself, it lacks "+strings.Join(f.caps.Missing, ", "), "load the modules; until then the guardian process alone holds the rollback")
	}
	if !f.caps.IPv6 {
		add("the kernel has no IPv6", "nothing to do when that is meant")
	}
	f.bridgeFindings(add)
	f.forwardFindings(add)
	f.interfaceFindings(add)
	f.hookFindings(add)
	f.dockerFindings(add)
	f.unitFindings(add)
	if f.sysctl["net.netfilter.nf_conntrack_acct"] == "0" {
		add("conntrack counts no bytes", "mfwtui flows --accounting switches it on")
	}
	return list
}

func (f *hostFacts) bridgeFindings(add func(what, do string)) {
	if len(f.caps.Bridges) == 0 {
		return
	}
	for _, name := range []string{"net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables"} {
		if v := f.sysctl[name]; v != "1" {
			add(fmt.Sprintf("%s is %s: no rule sees what passes between ports of one bridge", name, orAbsent(v)), "sysctl "+name+"=1 when the rules are to see it")
		}
	}
}

func orAbsent(v string) string {
	if v == "" {
		return "absent"
	}
	return v
}

// forwardFindings compares what the tables want forwarded with the switches
// of the kernel.
func (f *hostFacts) forwardFindings(add func(what, do string)) {
	if f.cfg == nil || len(f.cfg.Zones()) < 2 {
		return
	}
	for _, name := range []string{"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"} {
		if f.sysctl[name] == "0" {
			add(name+" is 0: nothing is forwarded between zones", "sysctl "+name+"=1 when this machine is to route")
		}
	}
}

func (f *hostFacts) interfaceFindings(add func(what, do string)) {
	if f.cfg == nil {
		return
	}
	listed := func(name string) bool {
		return slices.ContainsFunc(f.cfg.Interfaces, func(i tables.Interface) bool {
			prefix, wildcard := strings.CutSuffix(i.Name, "+")
			return i.Name == name || wildcard && strings.HasPrefix(name, prefix)
		})
	}
	for _, i := range f.cfg.Interfaces {
		if !strings.HasSuffix(i.Name, "+") && !slices.Contains(f.caps.Interfaces, i.Name) {
			add(fmt.Sprintf("interfaces:%d: %s does not exist", i.Num, i.Name), "nothing when it comes later, such as a tunnel")
		}
	}
	for _, name := range f.caps.Interfaces {
		if name != "lo" && !slices.Contains(f.ports, name) && !listed(name) {
			add(name+" is in no zone: new connections over it are rejected, except ICMP", "add a row to interfaces")
		}
	}
}

// hookFindings looks for rules that decide before ours.
func (f *hostFacts) hookFindings(add func(what, do string)) {
	if !f.applied {
		add("no rules of mfwtui have been confirmed yet", "mfwtui apply")
		return
	}
	if f.damaged != nil {
		add("the next boot cannot load the confirmed rules: "+f.damaged.Error(), "mfwtui apply writes them anew from the tables; until then a boot loads those before, and where these are damaged too only SSH is let in")
	}
	for _, h := range f.hooks {
		switch {
		case h.Why == "":
		case f.live.Tables(h.Family).Chain(h.Table, h.To) == nil:
			add(h.String()+", nor is that chain there", "mfwtui boot loads the confirmed rules anew")
		default:
			add(h.String(), "mfwtui doctor --repair")
		}
	}
	if noEngineYet(f.live, f.cfg) {
		add(engineToCome, "nothing when it starts at boot after mfwtui; else, once it runs: mfwtui doctor --repair")
	}
	for _, fam := range ruleset.Families() {
		input := f.live.Tables(fam).Chain(ruleset.Filter, ruleset.Input)
		if input == nil || len(input.Rules) == 0 || input.Rules[0].JumpsTo() == ruleset.RootInput {
			continue
		}
		add(fmt.Sprintf("%s INPUT: %q comes before our rules", fam, input.Rules[0].Spec(fam)), "nothing when that is meant, as with fail2ban")
	}
}

// dockerFindings say what it means that the engine writes nftables.
func (f *hostFacts) dockerFindings(add func(what, do string)) {
	if !nativeDocker(f.live) {
		return
	}
	add(nativeEngine, "nothing; our hook stands in FORWARD, or in the DOCKER-USER that an earlier engine or mfwtui boot made. What Docker drops, such as a port that is not published, opens by publishing it, or by the engine's options allow-direct-routing and bridge-accept-fwmark together")
	for _, fam := range ruleset.Families() {
		for _, t := range *f.live.Beside(fam) {
			if t.Unread != "" {
				add(fmt.Sprintf("%s: %s: what reaches containers is not certain", fam, t.Unread), "install nftables, and look at: nft list tables")
			}
		}
	}
}

func (f *hostFacts) unitFindings(add func(what, do string)) {
	if f.units == nil {
		return
	}
	if !f.units["mfwtui.service"] {
		add("mfwtui.service is not enabled: after a reboot the confirmed rules are not loaded", "systemctl enable mfwtui")
	}
	for _, unit := range slices.Sorted(maps.Keys(f.units)) {
		if f.units[unit] && unit != "mfwtui.service" {
			add(unit+" is enabled too: two programs load rules", "systemctl disable "+strings.TrimSuffix(unit, ".service")+", or keep it knowingly")
		}
	}
}
