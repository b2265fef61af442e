package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/ti-mo/netfilter"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// nftTable is a table of nftables.
type nftTable struct {
	family netfilter.ProtoFamily
	name   string
}

// listNFTTables asks the kernel for the tables of nftables in this network
// namespace, without a program. One that is not understood has no name.
func listNFTTables() ([]nftTable, error) {
	c, err := netfilter.Dial(nil)
	if err != nil {
		return nil, fmt.Errorf("connect to netfilter: %w", err)
	}
	defer c.Close()
	query, err := netfilter.MarshalNetlink(netfilter.Header{
		SubsystemID: netfilter.NFSubsysNFTables,
		MessageType: unix.NFT_MSG_GETTABLE,
		Flags:       netlink.Request | netlink.Dump,
	}, nil)
	if err != nil {
		return nil, err
	}
	answers, err := c.Query(query)
	if err != nil {
		return nil, fmt.Errorf("list the tables of nftables: %w", err)
	}
	list := make([]nftTable, 0, len(answers))
	for _, answer := range answers {
		list = append(list, nftTableOf(answer))
	}
	return list, nil
}

func nftTableOf(answer netlink.Message) nftTable {
	h, attrs, err := netfilter.UnmarshalNetlink(answer)
	if err != nil {
		return nftTable{}
	}
	t := nftTable{family: h.Family}
	for _, a := range attrs {
		if a.Type == unix.NFTA_TABLE_NAME {
			t.name = strings.TrimRight(string(a.Data), "\x00")
		}
	}
	return t
}

// askAgain is how long the tables are not asked for again once they could not be
// listed: a kernel without nftables looks for the module each time.
const askAgain = time.Minute

// besides are the families in which Docker's engine has a table of nftables.
func (r *Real) besides() []ruleset.Family {
	if time.Now().UnixNano() < r.nftFrom.Load() {
		return nil
	}
	tables, err := r.listTables()
	if err != nil {
		r.nftFrom.Store(time.Now().Add(askAgain).UnixNano())
		return nil
	}
	var list []ruleset.Family
	for _, f := range ruleset.Families() {
		proto := netfilter.ProtoIPv4
		if f == ruleset.V6 {
			proto = netfilter.ProtoIPv6
		}
		if slices.Contains(tables, nftTable{proto, ruleset.DockerBridges}) {
			list = append(list, f)
		}
	}
	return list
}

// startBeside starts to read what Docker's engine wrote into nftables, and returns
// what waits for it. On a host without that no program runs. What cannot be read
// is no error: then the tables say so.
func (r *Real) startBeside(ctx context.Context) func(*ruleset.Ruleset) {
	waits := make(map[ruleset.Family]Wait)
	for _, f := range r.besides() {
		waits[f] = r.runner.Start(ctx, Cmd{Tool: "nft", Args: []string{"-j", "list", "table", nftFamily(f), ruleset.DockerBridges}})
	}
	return func(rs *ruleset.Ruleset) {
		for f, wait := range waits {
			if t := besideOf(f, wait); t != nil {
				*rs.Beside(f) = ruleset.Tables{t}
			}
		}
	}
}

func nftFamily(f ruleset.Family) string {
	if f == ruleset.V6 {
		return "ip6"
	}
	return "ip"
}

// besideOf is the table that a program prints; nil when it is gone by now.
func besideOf(f ruleset.Family, wait Wait) *ruleset.Table {
	out, err := wait()
	if e := asExec(err); e != nil && saysAny(e.Stderr, "No such file or directory") {
		return nil
	}
	var t *ruleset.Table
	if err == nil {
		t, err = ruleset.ParseNFT(f, ruleset.DockerBridges, out)
	}
	if err != nil {
		if errors.Is(err, errNoTool) {
			err = errors.New("nft is not installed")
		}
		return ruleset.Unread(ruleset.DockerBridges, "Docker's nftables rules are not read: "+err.Error())
	}
	return t
}
