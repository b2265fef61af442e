package ruleset

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nftOf is a listing with one rule in the chain c, beside a map of verdicts.
func nftOf(family, expr string) []byte {
	return fmt.Appendf(nil, `{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": %[1]q, "name": "t", "handle": 1}},
		{"map": {"family": %[1]q, "name": "m", "table": "t", "type": "ifname", "map": "verdict", "elem": [["br-a", {"jump": {"target": "in__br-a"}}], ["br-b", {"goto": {"target": "in__br-b"}}]]}},
		{"map": {"family": %[1]q, "name": "empty", "table": "t", "type": "ifname", "map": "verdict"}},
		{"chain": {"family": %[1]q, "table": "t", "name": "c", "handle": 1}},
		{"rule": {"family": %[1]q, "table": "t", "chain": "c", "handle": 2, "comment": "why", "expr": [%[2]s]}}]}`, family, expr)
}

// matchOf is the JSON of a match.
func matchOf(op, left, right string) string {
	return fmt.Sprintf(`{"match": {"op": %q, "left": %s, "right": %s}}`, op, left, right)
}

func TestRulesOfNFTablesInTheWordsOfIptables(t *testing.T) {
	const (
		in     = `{"meta": {"key": "iifname"}}`
		out    = `{"meta": {"key": "oifname"}}`
		daddr  = `{"payload": {"protocol": "ip", "field": "daddr"}}`
		saddr  = `{"payload": {"protocol": "ip", "field": "saddr"}}`
		daddr6 = `{"payload": {"protocol": "ip6", "field": "daddr"}}`
		dport  = `{"payload": {"protocol": "tcp", "field": "dport"}}`
		state  = `{"ct": {"key": "state"}}`
		mark   = `{"meta": {"key": "mark"}}`
		drop   = `, {"drop": null}`
	)
	tests := []struct {
		name string
		f    Family
		expr string
		want string
	}{
		{"an interface", V4, matchOf("==", in, `"br-a"`) + drop, "-i br-a -j DROP"},
		{"not an interface", V4, matchOf("!=", out, `"br-a"`) + drop, "! -o br-a -j DROP"},
		{"a wildcard", V4, matchOf("==", in, `"eth*"`) + drop, "-i eth+ -j DROP"},
		{"a plus sign is a letter", V4, matchOf("==", in, `"eth+"`) + drop, `nft:match {"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth+"} -j DROP`},
		{"a set of interfaces", V4, matchOf("!=", in, `{"set": ["eth5", "br-a"]}`) + drop, "! -i br-a,eth5 -j DROP"},
		{"an address", V4, matchOf("==", daddr, `"172.17.0.2"`) + drop, "-d 172.17.0.2/32 -j DROP"},
		{"not a network", V4, matchOf("!=", saddr, `{"prefix": {"addr": "127.0.0.0", "len": 8}}`) + drop, "! -s 127.0.0.0/8 -j DROP"},
		{"an address of IPv6", V6, matchOf("==", daddr6, `"fd00::2"`) + drop, "-d fd00::2/128 -j DROP"},
		{"an address of the other family", V4, matchOf("==", daddr, `"fd00::2"`) + drop, `nft:match {"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"fd00::2"} -j DROP`},
		{"a second address", V4, matchOf("==", daddr, `"10.0.0.1"`) + ", " + matchOf("==", daddr, `"10.0.0.2"`) + drop,
			`-d 10.0.0.1/32 nft:match {"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":"10.0.0.2"} -j DROP`},
		{"a port", V4, matchOf("==", dport, "80") + drop, "-p tcp -m tcp --dport 80 -j DROP"},
		{"ports", V4, matchOf("!=", dport, `{"range": [5, 9]}`) + drop, "-p tcp -m tcp ! --dport 5:9 -j DROP"},
		{"several ports", V4, matchOf("==", dport, `{"set": [1, 5]}`) + drop, `nft:match {"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[1,5]}} -j DROP`},
		{"a port of SCTP", V4, matchOf("==", `{"payload": {"protocol": "sctp", "field": "dport"}}`, "5") + drop,
			`-p sctp nft:match {"op":"==","left":{"payload":{"protocol":"sctp","field":"dport"}},"right":5} -j DROP`},
		{"a protocol", V4, matchOf("==", `{"payload": {"protocol": "ip", "field": "protocol"}}`, `"icmp"`) + drop, "-p icmp -j DROP"},
		{"a protocol by its number", V6, matchOf("==", `{"meta": {"key": "l4proto"}}`, "58") + drop, "-p ipv6-icmp -j DROP"},
		{"states", V4, matchOf("in", state, `["established", "related"]`) + `, {"accept": null}`, "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"},
		{"not a state", V4, matchOf("!=", state, `"new"`) + drop, "-m conntrack ! --ctstate NEW -j DROP"},
		{"a local address", V4, matchOf("==", `{"fib": {"result": "type", "flags": ["daddr"]}}`, `"local"`) + `, {"jump": {"target": "c"}}`, "-m addrtype --dst-type LOCAL -j c"},
		{"and as older tools say it", V4, matchOf("==", `{"fib": {"result": "type", "flags": "saddr"}}`, `"local"`) + drop, "-m addrtype --src-type LOCAL -j DROP"},
		{"a mark", V4, matchOf("==", mark, "5") + `, {"accept": null}`, "-m mark --mark 0x5 -j ACCEPT"},
		{"a mark and its mask", V4, matchOf("==", `{"&": [{"meta": {"key": "mark"}}, 255]}`, "5") + `, {"accept": null}`, "-m mark --mark 0x5/0xff -j ACCEPT"},
		{"a translation", V4, `{"dnat": {"addr": "172.17.0.2", "port": 80}}`, "-j DNAT --to-destination 172.17.0.2:80"},
		{"a translation of IPv6", V6, `{"dnat": {"addr": "fd00::2", "port": 80}}`, "-j DNAT --to-destination [fd00::2]:80"},
		{"a translation to what is not understood", V4, `{"dnat": {"addr": {"map": 1}}}`, `-j nft:dnat {"addr":{"map":1}}`},
		{"the source", V4, `{"snat": {"addr": "192.0.2.1"}}`, "-j SNAT --to-source 192.0.2.1"},
		{"masquerade", V4, `{"masquerade": null}`, "-j MASQUERADE"},
		{"reject", V6, `{"reject": {"type": "icmpv6", "expr": "port-unreachable"}}`, "-j REJECT --reject-with icmp6-port-unreachable"},
		{"reset", V4, `{"reject": {"type": "tcp reset"}}`, "-j REJECT --reject-with tcp-reset"},
		{"back", V4, `{"return": null}`, "-j RETURN"},
		{"a log does not decide", V4, `{"log": {"prefix": "x"}}` + drop, "-j DROP"},
		{"a limit before a verdict", V4, `{"limit": {"rate": 5, "per": "second"}}` + drop, `nft:limit {"rate":5,"per":"second"} -j DROP`},
		{"a verdict that is not understood", V4, `{"queue": {"num": 1}}`, `-j nft:queue {"num":1}`},
		{"nothing", V4, ``, ""},
		{"a map of verdicts", V4, `{"vmap": {"key": ` + out + `, "data": "@m"}}`, "-o br-a -j in__br-a\n-o br-b -g in__br-b"},
		{"one within the rule", V4, matchOf("==", daddr, `"10.0.0.1"`) + `, {"vmap": {"key": ` + in + `, "data": {"set": [["br-a", {"drop": null}]]}}}`, "-d 10.0.0.1/32 -i br-a -j DROP"},
		{"one without elements", V4, `{"vmap": {"key": ` + in + `, "data": "@empty"}}`, ""},
		{"one of what is not understood", V4, `{"vmap": {"key": {"ct": {"key": "mark"}}, "data": "@m"}}`, `-j nft:vmap {"key":{"ct":{"key":"mark"}},"data":"@m"}`},
		{"one that is not there", V4, `{"vmap": {"key": ` + in + `, "data": "@other"}}`, `-j nft:vmap {"key":{"meta":{"key":"iifname"}},"data":"@other"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			family := map[Family]string{V4: "ip", V6: "ip6"}[tt.f]
			table, err := ParseNFT(tt.f, "t", nftOf(family, tt.expr))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range table.Chain("c").Rules {
				got = append(got, r.Spec(tt.f))
				if r.Comment != "why" || !r.Uncounted {
					t.Errorf("comment %q, uncounted %v", r.Comment, r.Uncounted)
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheCountersOfNFTablesAreReadWhole(t *testing.T) {
	table, err := ParseNFT(V4, "t", nftOf("ip", `{"counter": {"packets": 18446744073709551615, "bytes": 7}}, {"accept": null}`))
	if err != nil {
		t.Fatal(err)
	}
	r := table.Chain("c").Rules[0]
	if want := (Counters{1<<64 - 1, 7}); r.Counters != want || r.Uncounted {
		t.Errorf("counters %v, uncounted %v", r.Counters, r.Uncounted)
	}
}

func TestWhatIsNoListingOfNFTablesIsAnError(t *testing.T) {
	for _, text := range []string{"", "{", `{"nftables": 5}`, `{"nftables": [{"rule": {"chain": "gone", "expr": []}}]}`} {
		if _, err := ParseNFT(V4, "t", []byte(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// No rule of nftables may get into a text that is loaded.
func TestWhatIptablesHasNoWordForIsNotWritten(t *testing.T) {
	for _, expr := range []string{
		`{"queue": {"num": 1}}`,
		`{"limit": {"rate": 5}}, {"drop": null}`,
		matchOf("==", `{"meta": {"key": "iifname"}}`, `{"set": ["a", "b"]}`) + `, {"drop": null}`,
	} {
		table, err := ParseNFT(V4, "t", nftOf("ip", expr))
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Chain("c").Rules[0].Printable(V4); err == nil {
			t.Errorf("%s: would be written", expr)
		}
	}
}

func FuzzParseNFT(f *testing.F) {
	files, err := filepath.Glob("../docker/testdata/engines/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add(nftOf("ip", `{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": "@m"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, family := range Families() {
			table, err := ParseNFT(family, "t", text)
			if err != nil {
				continue
			}
			rs := &Ruleset{Beside4: Tables{table}, Beside6: Tables{table}}
			for _, c := range table.Chains {
				for _, r := range c.Rules {
					_, odd := r.Target.(UnknownTarget)
					if odd && r.Printable(family) == nil {
						t.Errorf("%s would be written", r.Text(family))
					}
				}
			}
			for _, src := range []string{"192.0.2.1", "2001:db8::1"} {
				rs.Trace(Packet{In: "eth0", Out: "br-a", Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(src), Proto: TCP}, nil)
			}
		}
	})
}
