package docker

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// site has web (80 as 8080, 90 as 127.0.0.1:9090) and db on docker0, and app on
// two networks, one of them internal.
func site() *Snapshot {
	addr := netip.MustParseAddr
	return &Snapshot{
		Networks: []Network{
			{ID: "1", Name: "bridge", Bridge: "docker0", Subnets: []netip.Prefix{netip.MustParsePrefix("172.17.0.0/16"), netip.MustParsePrefix("fd00:17::/64")}},
			{ID: "2", Name: "front", Bridge: "br-aaaaaaaaaaaa", Subnets: []netip.Prefix{netip.MustParsePrefix("172.18.0.0/16"), netip.MustParsePrefix("fd00:18::/64")}},
			{ID: "3", Name: "back", Bridge: "br-bbbbbbbbbbbb", Subnets: []netip.Prefix{netip.MustParsePrefix("172.19.0.0/16")}, Internal: true},
			{ID: "4", Name: "host", Driver: "host"},
		},
		Containers: []Container{
			{Name: "web", Endpoints: []Endpoint{{Network: "1", V4: addr("172.17.0.2"), V6: addr("fd00:17::2")}}, Published: []Port{
				{Host: netip.MustParseAddrPort("0.0.0.0:8080"), Proto: ruleset.TCP, Container: 80},
				{Host: netip.MustParseAddrPort("127.0.0.1:9090"), Proto: ruleset.TCP, Container: 90},
			}},
			{Name: "db", Endpoints: []Endpoint{{Network: "1", V4: addr("172.17.0.3")}}},
			{Name: "app", Endpoints: []Endpoint{{Network: "2", V4: addr("172.18.0.2"), V6: addr("fd00:18::2")}, {Network: "3", V4: addr("172.19.0.2")}}},
		},
	}
}

// The generations of the engine. Each rule is followed by whom it belongs to:
// a container with the port where the rule names one, or a network.
var generations = []struct{ name, v4, v6 string }{
	{name: "20.10 to 27", v4: `
*filter
FORWARD -j DOCKER-USER =
FORWARD -j DOCKER-ISOLATION-STAGE-1 =
FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT = network bridge
FORWARD -o docker0 -j DOCKER = network bridge
FORWARD -i docker0 ! -o docker0 -j ACCEPT = network bridge
FORWARD -i docker0 -o docker0 -j ACCEPT = network bridge
DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT = web 80
DOCKER-ISOLATION-STAGE-1 -i br-aaaaaaaaaaaa ! -o br-aaaaaaaaaaaa -j DOCKER-ISOLATION-STAGE-2 = network front
DOCKER-ISOLATION-STAGE-1 ! -s 172.19.0.0/16 -o br-bbbbbbbbbbbb -j DROP = network back
DOCKER-ISOLATION-STAGE-1 ! -d 172.19.0.0/16 -i br-bbbbbbbbbbbb -j DROP = network back
DOCKER-ISOLATION-STAGE-1 -j RETURN =
DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP = network bridge
DOCKER-ISOLATION-STAGE-2 -j RETURN =
DOCKER-USER -m comment --comment "mfw:hook" -j MFWFORWARD =
DOCKER-USER -j RETURN =
*nat
PREROUTING -m addrtype --dst-type LOCAL -j DOCKER =
OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER =
POSTROUTING -s 172.18.0.0/16 ! -o br-aaaaaaaaaaaa -j MASQUERADE = network front
POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE = web 80
DOCKER -i docker0 -j RETURN = network bridge
DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80 = web 80
DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 9090 -j DNAT --to-destination 172.17.0.2:90 = web 90
`, v6: `
*filter
FORWARD -o docker0 -j DOCKER = network bridge
DOCKER -d fd00:17::2/128 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT = web 80
*nat
POSTROUTING -s fd00:17::/64 ! -o docker0 -j MASQUERADE = network bridge
DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:17::2]:80 = web 80
`},
	{name: "28.0.0", v4: `
*filter
FORWARD -j DOCKER-USER =
FORWARD -m set --match-set docker-ext-bridges-v4 dst -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT =
FORWARD -j DOCKER-ISOLATION-STAGE-1 =
FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER =
FORWARD -i docker0 -j ACCEPT = network bridge
DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT = web 80
DOCKER ! -i docker0 -o docker0 -j DROP = network bridge
*raw
PREROUTING -d 172.17.0.2/32 ! -i docker0 -p tcp -m tcp --dport 80 -j DROP = web 80
PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 9090 -j DROP = web
`},
	{name: "28.0.1 to 28.5", v4: `
*filter
FORWARD -j DOCKER-USER =
FORWARD -j DOCKER-FORWARD =
DOCKER-FORWARD -j DOCKER-CT =
DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1 =
DOCKER-FORWARD -j DOCKER-BRIDGE =
DOCKER-FORWARD -i br-aaaaaaaaaaaa -j ACCEPT = network front
DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT = network bridge
DOCKER-BRIDGE -o docker0 -j DOCKER = network bridge
DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT = web 80
DOCKER ! -i br-aaaaaaaaaaaa -o br-aaaaaaaaaaaa -j DROP = network front
DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2 = network bridge
DOCKER-INGRESS -j RETURN =
*raw
PREROUTING -d 172.18.0.2/32 ! -i br-aaaaaaaaaaaa -j DROP = app
`},
	{name: "29, iptables", v4: `
*filter
DOCKER-FORWARD -j DOCKER-CT =
DOCKER-FORWARD -j DOCKER-INTERNAL =
DOCKER-FORWARD -j DOCKER-BRIDGE =
DOCKER-FORWARD -i docker0 -j ACCEPT = network bridge
DOCKER-INTERNAL ! -s 172.19.0.0/16 -o br-bbbbbbbbbbbb -j DROP = network back
DOCKER-INTERNAL ! -d 172.19.0.0/16 -i br-bbbbbbbbbbbb -j DROP = network back
DOCKER -d 172.19.0.2/32 ! -i br-bbbbbbbbbbbb -o br-bbbbbbbbbbbb -p udp -m udp --dport 53 -j ACCEPT = app 53
*raw
PREROUTING -d 172.17.0.3/32 ! -i docker0 -j DROP = db
`},
	{name: "what is somebody else's", v4: `
*filter
INPUT -d 172.17.0.2/32 -j ACCEPT =
f2b-sshd -s 172.17.0.2/32 -j REJECT --reject-with icmp-port-unreachable =
ext_fwd -d 172.17.0.2/32 -m comment --comment "mfw:a1b2" -j ACCEPT =
DOCKER -d 172.17.0.9/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT = network bridge
DOCKER-USER -s 172.17.0.3/32 -j DROP = db
DOCKER-USER -i eth0 -j DROP =
`},
}

func TestEveryRuleOfDockersHasItsOwnerOnEveryGeneration(t *testing.T) {
	owners := site().Owners()
	for _, g := range generations {
		t.Run(g.name, func(t *testing.T) {
			for f, text := range map[ruleset.Family]string{ruleset.V4: g.v4, ruleset.V6: g.v6} {
				table := ""
				for line := range strings.Lines(strings.TrimSpace(text)) {
					line = strings.TrimSpace(line)
					if line == "" || line[0] == '*' {
						table = strings.TrimPrefix(line, "*")
						continue
					}
					spec, want, _ := strings.Cut(line, " =")
					chain, spec, _ := strings.Cut(spec, " ")
					rule, err := ruleset.ParseRule(f, spec)
					if rule == nil {
						t.Fatalf("%s: %v", line, err)
					}
					if diff := cmp.Diff(strings.TrimSpace(want), ownerWords(owners.Of(table, chain, rule))); diff != "" {
						t.Errorf("%s (-want +got):\n%s", line, diff)
					}
				}
			}
		})
	}
}

// TestEveryRuleOfARealEngineHasItsOwner reads what iptables-save printed beside
// an engine of version 29 (moby v2.0.0-beta.24) with the containers of site, and
// our hooks in it; and what nft prints of the tables that its package nftabler
// makes for them.
func TestEveryRuleOfARealEngineHasItsOwner(t *testing.T) {
	for backEnd, read := range map[string]func(ruleset.Family, []byte) (ruleset.Tables, error){
		"29.%s.save": ruleset.ParseTables,
		"29.nft.%s.json": func(f ruleset.Family, text []byte) (ruleset.Tables, error) {
			table, err := ruleset.ParseNFT(f, ruleset.DockerBridges, text)
			return ruleset.Tables{table}, err
		},
	} {
		name, _, _ := strings.Cut(backEnd, ".%s")
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range ruleset.Families() {
				text, err := os.ReadFile(filepath.Join("testdata", "engines", fmt.Sprintf(backEnd, f)))
				if err != nil {
					t.Fatal(err)
				}
				all, err := read(f, text)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ownedRules(t, f, all)...)
			}
			slices.Sort(got)
			want, err := os.ReadFile(filepath.Join("testdata", "engines", name+".owners"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), strings.Join(got, "")); diff != "" {
				t.Errorf("owners (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatADaemonWritesIntoNFTablesIsUnderstood reads what nft printed beside a
// running engine of version 29, with whatever its options make it write: networks
// of each gateway mode, with an address for SNAT, with a trusted interface and
// without masquerading, a link, no proxy, and a mark that it accepts.
func TestWhatADaemonWritesIntoNFTablesIsUnderstood(t *testing.T) {
	var networks []Network
	for i, name := range []string{"docker0", "br-routed", "br-unprot", "br-nomasq", "br-snat", "br-trust"} {
		networks = append(networks, Network{ID: name, Name: name, Bridge: name})
		if i == 0 {
			continue
		}
		networks[i].Subnets = []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("172.2%d.0.0/16", i)), netip.MustParsePrefix(fmt.Sprintf("fd00:4%d::/64", i))}
	}
	owners := (&Snapshot{Networks: networks, Containers: []Container{
		{Name: "web", Endpoints: []Endpoint{{V4: netip.MustParseAddr("172.17.0.2"), V6: netip.MustParseAddr("fd00:17::2")}}},
		{Name: "linker", Endpoints: []Endpoint{{V4: netip.MustParseAddr("172.17.0.3"), V6: netip.MustParseAddr("fd00:17::3")}}},
		{Name: "snat1", Endpoints: []Endpoint{{V4: netip.MustParseAddr("172.24.0.2")}}, Published: []Port{
			{Host: netip.MustParseAddrPort("127.0.0.1:9091"), Proto: ruleset.TCP, Container: 81},
		}},
		{Name: "others", Endpoints: []Endpoint{
			{V4: netip.MustParseAddr("172.22.0.2"), V6: netip.MustParseAddr("fd00:42::2")}, {V4: netip.MustParseAddr("172.23.0.2"), V6: netip.MustParseAddr("fd00:43::2")},
			{V6: netip.MustParseAddr("fd00:44::2")}, {V4: netip.MustParseAddr("172.25.0.2"), V6: netip.MustParseAddr("fd00:45::2")},
		}},
	}}).Owners()
	for _, f := range ruleset.Families() {
		text, err := os.ReadFile(filepath.Join("testdata", "engines", fmt.Sprintf("29.daemon.nft.%s.json", f)))
		if err != nil {
			t.Fatal(err)
		}
		table, err := ruleset.ParseNFT(f, ruleset.DockerBridges, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range table.Chains {
			for _, r := range c.Rules {
				if strings.Contains(r.Text(f), "nft:") {
					t.Errorf("%s %s %s is not understood", f, c.Name, r.Text(f))
				}
				if r.JumpsTo() == "" && ownerWords(owners.Of(table.Name, c.Name, r)) == "" {
					t.Errorf("%s %s %s belongs to nobody", f, c.Name, r.Text(f))
				}
			}
		}
	}
}

// ownedRules are the rules that belong to somebody, and to whom.
func ownedRules(t *testing.T, f ruleset.Family, all ruleset.Tables) (list []string) {
	owners := site().Owners()
	for _, table := range all {
		for _, c := range table.Chains {
			for _, r := range c.Rules {
				if whose := ownerWords(owners.Of(table.Name, c.Name, r)); whose != "" {
					list = append(list, fmt.Sprintf("%s %s %s %s = %s\n", f, table.Name, c.Name, r.Text(f), whose))
				} else if !r.Owned() && r.JumpsTo() == "" {
					t.Errorf("%s %s %s %s belongs to nobody", f, table.Name, c.Name, r.Text(f))
				}
			}
		}
	}
	return list
}

func ownerWords(o Owner) string {
	switch {
	case o.Network != "":
		return "network " + o.Network
	case o.Port != 0:
		return o.Container + " " + netip.AddrPortFrom(netip.IPv4Unspecified(), o.Port).String()[len("0.0.0.0:"):]
	}
	return o.Container
}

func TestWithoutAnEngineNoRuleHasAnOwner(t *testing.T) {
	rule, err := ruleset.ParseRule(ruleset.V4, "-d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT")
	if err != nil {
		t.Fatal(err)
	}
	if got := new(Snapshot).Owners().Of("filter", "DOCKER", rule); got != (Owner{}) {
		t.Errorf("owner %+v", got)
	}
}
