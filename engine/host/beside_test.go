package host

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ti-mo/netfilter"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// bothSaves are the programs that read the rules of iptables, of which there are
// none.
func bothSaves() []step {
	return []step{{line: "iptables-nft-save -c"}, {line: "ip6tables-nft-save -c"}}
}

const list4 = "nft -j list table ip docker-bridges"

func TestTablesOfDockersAreReadWhereTheKernelHasThem(t *testing.T) {
	const listing = `{"nftables": [{"chain": {"name": "filter-FORWARD", "type": "filter", "hook": "forward", "prio": 0, "policy": "accept"}},
		{"rule": {"chain": "filter-FORWARD", "expr": [{"counter": {"packets": 3, "bytes": 5}}, {"drop": null}]}}]}`
	tests := []struct {
		name string
		has  []nftTable
		step step
		want string // the rules of IPv4, or why they are not read
	}{
		{"both", []nftTable{{netfilter.ProtoIPv4, "docker-bridges"}, {netfilter.ProtoIPv4, "filter"}}, step{line: list4, stdout: listing}, "-j DROP"},
		{"gone when they are read", []nftTable{{netfilter.ProtoIPv4, "docker-bridges"}}, step{line: list4, status: 1, stderr: "Error: No such file or directory\nlist table ip docker-bridges"}, ""},
		{"not to be read", []nftTable{{netfilter.ProtoIPv4, "docker-bridges"}}, step{line: list4, status: 1, stderr: "netlink: Error: cache initialization failed"},
			"Docker's nftables rules are not read: nft: netlink: Error: cache initialization failed"},
		{"not understood", []nftTable{{netfilter.ProtoIPv4, "docker-bridges"}}, step{line: list4, stdout: "{"},
			"Docker's nftables rules are not read: parse the v4 table docker-bridges of nftables: unexpected end of JSON input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := scripted(t, append(bothSaves(), tt.step)...)
			k.listTables = func() ([]nftTable, error) { return tt.has, nil }
			rs, err := k.ReadRules(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, table := range rs.Beside4 {
				if table.Unread != "" {
					got = append(got, table.Unread)
					continue
				}
				for _, r := range table.Chain("filter-FORWARD").Rules {
					got = append(got, r.Spec(ruleset.V4))
				}
			}
			if strings.Join(got, "\n") != tt.want || rs.Beside6 != nil {
				t.Errorf("got %q and %v, want %q", got, rs.Beside6, tt.want)
			}
		})
	}
}

// What cannot be read is no verdict, but a doubt about each packet that passes.
func TestPacketsAreNotJudgedByATableThatIsNotRead(t *testing.T) {
	rs := &ruleset.Ruleset{Beside4: ruleset.Tables{besideOf(ruleset.V4, failed(Cmd{Tool: "nft"}, errNoTool))}}
	p := ruleset.Packet{In: "eth0", Out: "docker0", Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("172.17.0.2"), Proto: ruleset.TCP, DstPort: 80}
	got := rs.Trace(p, nil).Doubts
	const want = "Docker's nftables rules are not read: nft is not installed"
	if len(got) != 2 || got[0].Why != want || got[1].Chain != ruleset.Forward {
		t.Errorf("doubts %+v, want %q on the way in and in FORWARD", got, want)
	}
}

// A kernel without nftables looks for its module each time that it is asked.
func TestAKernelWithoutNFTablesIsNotAskedEachTime(t *testing.T) {
	k := scripted(t, append(bothSaves(), bothSaves()...)...)
	asked := 0
	k.listTables = func() ([]nftTable, error) { asked++; return nil, errors.New("protocol not supported") }
	for range 2 {
		if _, err := k.ReadRules(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	k.nftFrom.Store(time.Now().Add(-time.Second).UnixNano())
	if k.besides(); asked != 2 {
		t.Errorf("asked %d times a minute later", asked)
	}
}
