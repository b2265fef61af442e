package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ti-mo/netfilter"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// tools are the programs of one back end.
type tools struct {
	backend Backend
	// variant is "-nft" or "-legacy" where the programs carry it in their
	// names, and empty on a host that has only one kind.
	variant string
	// lockable reports whether a lock can be held for the programs.
	lockable bool
	// other lists tables of the other back end that hold rules.
	other []string
}

func (t *tools) save(f ruleset.Family) string    { return base(f) + t.variant + "-save" }
func (t *tools) restore(f ruleset.Family) string { return base(f) + t.variant + "-restore" }
func (t *tools) command(f ruleset.Family) string { return base(f) + t.variant }

func base(f ruleset.Family) string {
	if f == ruleset.V6 {
		return "ip6tables"
	}
	return "iptables"
}

// newTools names the programs of a back end. Plain names serve where the host
// has no others and they are of that back end.
func newTools(b, alternative Backend) (*tools, error) {
	t := &tools{backend: b, variant: "-" + string(b)}
	_, err := findTool(t.save(ruleset.V4))
	if errors.Is(err, errNoTool) && b == alternative {
		t.variant = ""
		_, err = findTool(t.save(ruleset.V4))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.save(ruleset.V4), err)
	}
	t.lockable = b == Legacy && mentions(t.restore(ruleset.V4), lockVariable) && mentions(t.restore(ruleset.V6), lockVariable)
	return t, nil
}

// detect chooses the back end. On the usual host the back end that the name
// iptables does not lead to has no table, and no program runs to find that out.
func (r *Real) detect(ctx context.Context) (*tools, error) {
	alternative, err := r.alternative(ctx)
	if err != nil {
		return nil, err
	}
	if r.backend != "" {
		return newTools(r.backend, alternative)
	}
	nftExists, legacyExists := nftTables(), hasLegacyTables()
	if alternative == NFT && !legacyExists || alternative == Legacy && !nftExists {
		return newTools(alternative, alternative)
	}
	var nft, legacy population
	if nftExists {
		if nft, err = r.populationOf(ctx, NFT, alternative); err != nil {
			return nil, err
		}
	}
	if legacyExists {
		if legacy, err = r.populationOf(ctx, Legacy, alternative); err != nil {
			return nil, err
		}
	}
	backend, other := choose(alternative, nft, legacy)
	t, err := newTools(backend, alternative)
	if err != nil {
		return nil, err
	}
	t.other = other
	return t, nil
}

// alternative is the back end of the program that the name iptables leads to.
func (r *Real) alternative(ctx context.Context) (Backend, error) {
	path, err := findTool("iptables")
	if err != nil {
		return "", fmt.Errorf("iptables: %w", err)
	}
	target, err := newOwners().resolve(path)
	if err != nil {
		return "", err
	}
	if b := backendOfFile(target); b != "" {
		return b, nil
	}
	out, err := r.runner.Start(ctx, Cmd{Tool: "iptables", Args: []string{"--version"}})()
	if err != nil {
		return "", err
	}
	return backendOfVersion(string(out)), nil
}

// backendOfFile tells the back end from the name of the program file
// ("xtables-nft-multi"), empty when the name does not say.
func backendOfFile(path string) Backend {
	switch name := filepath.Base(path); {
	case strings.Contains(name, "nft"):
		return NFT
	case strings.Contains(name, "legacy"):
		return Legacy
	}
	return ""
}

// backendOfVersion reads "iptables v1.8.9 (nf_tables)". Before 1.8 the only
// kind was what is called legacy now, and the version said nothing about it.
func backendOfVersion(text string) Backend {
	if strings.Contains(text, "(nf_tables)") {
		return NFT
	}
	return Legacy
}

// population is what a back end holds.
type population struct {
	tables []string // that decide something, "v4 filter"
	docker bool     // Docker's chains are among them
}

func (r *Real) populationOf(ctx context.Context, b, alternative Backend) (population, error) {
	t, err := newTools(b, alternative)
	if errors.Is(err, errNoTool) {
		// Its tables exist and decide, whatever is in them: to take them for
		// empty would load our rules beside the ones that are in use.
		return population{tables: []string{fmt.Sprintf("unknown: iptables-%s-save is not installed", b)}}, nil
	}
	if err != nil {
		return population{}, err
	}
	v4, v6 := r.startTables(ctx, t, ruleset.V4), r.startTables(ctx, t, ruleset.V6)
	ts4, err4 := v4()
	ts6, err6 := v6()
	if err := errors.Join(err4, err6); err != nil {
		return population{}, err
	}
	return populate(ts4, ts6), nil
}

func populate(v4, v6 ruleset.Tables) population {
	var p population
	decides := func(c *ruleset.Chain) bool {
		return len(c.Rules) > 0 || c.Policy != string(ruleset.Accept)
	}
	add := func(f ruleset.Family, ts ruleset.Tables) {
		for _, t := range ts {
			if slices.ContainsFunc(t.Chains, decides) {
				p.tables = append(p.tables, f.String()+" "+t.Name)
			}
			p.docker = p.docker || t.Chain("DOCKER") != nil || t.Chain("DOCKER-USER") != nil
		}
	}
	add(ruleset.V4, v4)
	add(ruleset.V6, v6)
	return p
}

// choose picks the back end: Docker's, so that our hook stands in front of its
// chains; else the only one that holds rules; else what the name iptables
// means. The second result lists what the other one holds.
func choose(alternative Backend, nft, legacy population) (Backend, []string) {
	b := alternative
	switch {
	case nft.docker && !legacy.docker:
		b = NFT
	case legacy.docker && !nft.docker:
		b = Legacy
	case len(legacy.tables) == 0 && len(nft.tables) > 0:
		b = NFT
	case len(nft.tables) == 0 && len(legacy.tables) > 0:
		b = Legacy
	}
	if b == NFT {
		return b, legacy.tables
	}
	return b, nft.tables
}

// hasLegacyTables reports whether a table of the legacy back end exists in this
// network namespace.
func hasLegacyTables() bool {
	return len(legacyTables(ruleset.V4))+len(legacyTables(ruleset.V6)) > 0
}

// legacyTables are the tables of the legacy back end that exist. To ask the
// legacy tool for one would create it. The path goes through the thread:
// /proc/net is that of the whole process.
func legacyTables(f ruleset.Family) []string {
	file := "ip_tables_names"
	if f == ruleset.V6 {
		file = "ip6_tables_names"
	}
	data, err := os.ReadFile("/proc/thread-self/net/" + file)
	if err != nil {
		return nil // the module is not loaded
	}
	return strings.Fields(string(data))
}

// nftTables reports whether a table that the nft back end would show exists in
// this network namespace. Its save program would tell too, but takes 5 ms for
// each family. What cannot be asked may exist.
func nftTables() bool {
	tables, err := listNFTTables()
	return err != nil || slices.ContainsFunc(tables, nftTable.ofIptables)
}

// ofIptables reports whether the iptables tools use the table; what is not
// understood may be one.
func (t nftTable) ofIptables() bool {
	if t.name == "" {
		return true
	}
	if t.family != netfilter.ProtoIPv4 && t.family != netfilter.ProtoIPv6 {
		return false
	}
	switch t.name {
	case "filter", "nat", "mangle", "raw", "security":
		return true
	}
	return false
}

// hasIPv6 reports whether the kernel has IPv6 at all. Switching it off by
// sysctl does not count: it can be switched on again under our rules.
func hasIPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return !errors.Is(err, unix.EAFNOSUPPORT)
	}
	unix.Close(fd)
	return true
}
