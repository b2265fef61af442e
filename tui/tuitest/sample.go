package tuitest

import (
	"fmt"
	"net/netip"
	"testing/fstest"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// sampleFiles are the tables of an edge firewall with containers.
func sampleFiles() fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"addresses": `# Name                   IPv4                      IPv6
admins                   203.0.113.0/28            2001:db8:7::/64
monitoring               198.51.100.77             -
lan_home                 192.168.0.0/24            fd00:1::/64
lan_nas                  192.168.0.20              fd00:1::20
lan_router_ext           198.51.100.4              2001:db8::4
google                   8.8.8.8                   2001:4860:4860::8888
pest                     203.0.113.66              2001:db8:66::13
`,
		"services": `# Name          TCP              UDP
ssh             22               -
http            80               -
http-alt        8080             -
https           443              -
smtp            25               -
dns             53               53
munin           4949             -
telnet          23               -
mumble          64738            64738
`,
		"interfaces": `# Interface        Zone        Protocols
eth0               ext         -
eth1               int         -
docker0            DOCKER      -
`,
		"rules": `# Src-Zone      Dest-Zone        Src-Address          Dst-Address            Service        Action

# Whom we do not want at all.
ext             ALL              pest                 ALL                    ALL            drop

# The way in.
ext             FW               admins               ALL                    ssh            accept
ext             FW               ALL                  ALL                    smtp           accept
ext             FW               monitoring           ALL                    munin          accept
ext             ALL              ALL                  ALL                    ALL            reject

int             FW               ALL                  ALL                    telnet         accept
int             FW               lan_home             ALL                    ssh            accept
int             FW               lan_home             ALL                    dns            accept
int             ext              lan_home             google                 https          accept+nat
int             ext              lan_home             ALL                    ALL            accept+nat

DOCKER          FW               ALL                  ALL                    dns            accept
DOCKER          ext              ALL                  ALL                    https          accept+nat
DOCKER          int              ALL                  ALL                    ALL            reject
`,
		"virtuals": `# Src-Zone      Ext-Address       Int-Address    Ext-Service      Int-Service
ext             lan_router_ext    lan_nas        http-alt         http
ext             lan_router_ext    DOCKER         https            https
`,
		"options": `# Scope        Option          Value
*              log-denied      5/min
`,
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// put writes into a map, making it first. It lets the types be worked out: that
// of a row reference lives in a room that the console does not know.
func put[K comparable, V any](m *map[K]V, key K, v V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[key] = v
}

// rowID is a stand-in for the compiler's hash of a row.
func rowID(cells []string) string {
	var h uint32 = 2166136261
	for _, c := range cells {
		for _, b := range []byte(c + " ") {
			h = (h ^ uint32(b)) * 16777619
		}
	}
	return fmt.Sprintf("%08x", h)
}

// compileSample makes one rule of each row and family; note, when not nil, is
// told the row of each id.
func compileSample(cfg *tables.Config, note func(id string, k tables.Kind, line int)) *ruleset.Ruleset {
	rs := &ruleset.Ruleset{}
	for _, f := range ruleset.Families() {
		filter := rs.Tables(f).Ensure(ruleset.Filter)
		filter.Ensure(ruleset.RootInput).Append(
			&ruleset.Rule{In: ruleset.Iface{Name: "lo"}, Target: ruleset.Accept, ID: "lo"},
			&ruleset.Rule{Matches: []ruleset.Match{ruleset.MatchState{States: ruleset.StateEstablished | ruleset.StateRelated}}, Target: ruleset.Accept, ID: "established"})
		for _, r := range cfg.Rules {
			chain := r.SrcZone + "_to_" + r.DstZone
			if r.DstZone == tables.FW {
				chain = r.SrcZone + "_inp"
			}
			rule, ok := sampleRule(cfg, &r, f)
			if !ok {
				continue
			}
			if note != nil {
				note(rule.ID, tables.Rules, r.Num)
			}
			filter.Ensure(chain).Append(rule)
		}
	}
	return rs
}

func sampleRule(cfg *tables.Config, r *tables.Rule, f ruleset.Family) (*ruleset.Rule, bool) {
	rule := &ruleset.Rule{ID: rowID(r.Line.Texts())}
	if r.Src.Object != "" {
		prefix := first(cfg.Addresses[r.Src.Object], f)
		if !prefix.IsValid() {
			return nil, false
		}
		rule.Src.Prefix = prefix
	}
	if s, ok := cfg.Services[r.Service]; ok && len(s.TCP) > 0 {
		rule.Proto.Num = ruleset.TCP
		rule.Matches = append(rule.Matches, ruleset.MatchPorts{Dst: &ruleset.PortRange{Lo: s.TCP[0].Lo, Hi: s.TCP[0].Hi}})
	}
	rule.Target = ruleset.Jump{Chain: r.Action.Verb.String(), Goto: true}
	return rule, true
}

func first(a tables.Address, f ruleset.Family) netip.Prefix {
	values := a.V4
	if f == ruleset.V6 {
		values = a.V6
	}
	if len(values) == 0 {
		return netip.Prefix{}
	}
	return values[0].Prefix
}

// sampleHooks are the jumps of withForeign.
func sampleHooks() []ruleset.Hook {
	var hooks []ruleset.Hook
	for _, f := range ruleset.Families() {
		hooks = append(hooks,
			ruleset.Hook{Family: f, Table: ruleset.Filter, From: ruleset.Input, To: ruleset.RootInput},
			ruleset.Hook{Family: f, Table: ruleset.Filter, From: "DOCKER-USER", To: ruleset.RootForward})
	}
	return hooks
}

// withForeign adds what Docker and others have in the same tables.
func withForeign(rs *ruleset.Ruleset) *ruleset.Ruleset {
	for _, f := range ruleset.Families() {
		filter := rs.Tables(f).Ensure(ruleset.Filter)
		forward := filter.Ensure(ruleset.Forward)
		if forward.Policy != "" {
			continue
		}
		forward.Policy = "DROP"
		forward.Append(&ruleset.Rule{Target: ruleset.Jump{Chain: "DOCKER-USER"}}, &ruleset.Rule{Out: ruleset.Iface{Name: "docker0"}, Target: ruleset.Jump{Chain: "DOCKER"}})
		input := filter.Ensure(ruleset.Input)
		input.Policy = "ACCEPT"
		input.Append(&ruleset.Rule{Target: ruleset.Jump{Chain: ruleset.RootInput}, ID: "hook"})
		filter.Ensure("DOCKER-USER").Append(&ruleset.Rule{Target: ruleset.Jump{Chain: ruleset.RootForward}, ID: "hook"}, &ruleset.Rule{Target: ruleset.Return})
		if f == ruleset.V4 {
			filter.Ensure("DOCKER").Append(published("172.17.0.5", 80), published("172.17.0.6", 9000))
		}
		filter.Ensure("f2b-sshd").Append(&ruleset.Rule{Target: ruleset.Return})
	}
	return rs
}

// published is the rule with which Docker lets packets through to a container.
func published(container string, port uint16) *ruleset.Rule {
	return &ruleset.Rule{
		Dst: ruleset.Net{Prefix: netip.PrefixFrom(netip.MustParseAddr(container), 32)}, Out: ruleset.Iface{Name: "docker0"},
		Proto: ruleset.Proto{Num: ruleset.TCP}, Matches: []ruleset.Match{ruleset.MatchPorts{Dst: &ruleset.PortRange{Lo: port, Hi: port}}}, Target: ruleset.Accept,
	}
}
