package ruleset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// DockerBridges is the table in which Docker's engine keeps its rules where it
// writes nftables (firewall-backend, since 29): "ip docker-bridges" and "ip6
// docker-bridges".
const DockerBridges = "docker-bridges"

// nftHooks are the built-in chains at the hooks that nftables names.
var nftHooks = map[string]string{
	"prerouting": Prerouting, "input": Input, "forward": Forward, "output": Output, "postrouting": Postrouting,
}

// nftListing is what nft -j list table prints.
type nftListing struct {
	Objects []nftObject `json:"nftables"`
}

type nftObject struct {
	Chain *nftChain
	Map   *nftMap
	Rule  *nftRule
}

type nftChain struct {
	Name, Type, Hook, Policy string
	Prio                     int
}

// nftMap is a named map, or set, with its elements.
type nftMap struct {
	Name string
	Elem json.RawMessage
}

type nftRule struct {
	Chain, Comment string
	Expr           []map[string]json.RawMessage
}

// ParseNFT reads what nft -j list table prints of one table of a family, into
// the words of iptables. What these cannot say becomes an UnknownMatch or an
// UnknownTarget that holds the JSON of nft; a verdict map becomes a rule for each
// of its elements. Rules that count nothing are Uncounted.
func ParseNFT(f Family, name string, text []byte) (*Table, error) {
	var listing nftListing
	if err := json.Unmarshal(text, &listing); err != nil {
		return nil, fmt.Errorf("parse the %s table %s of nftables: %w", f, name, err)
	}
	p := nftParser{family: f, table: &Table{Name: name}, maps: make(map[string]json.RawMessage)}
	for _, o := range listing.Objects {
		switch {
		case o.Chain != nil:
			p.chain(o.Chain)
		case o.Map != nil:
			p.maps["@"+o.Map.Name] = o.Map.Elem
		}
	}
	for _, o := range listing.Objects {
		if o.Rule == nil {
			continue
		}
		c := p.table.Chain(o.Rule.Chain)
		if c == nil {
			return nil, fmt.Errorf("parse the %s table %s of nftables: a rule of the chain %q, which is not there", f, name, o.Rule.Chain)
		}
		c.Append(p.rules(o.Rule)...)
	}
	return p.table, nil
}

// Unread is a table that is there but could not be read: no packet can be judged
// by it.
func Unread(name, why string) *Table {
	rule := &Rule{Raw: strings.Fields(why), Target: UnknownTarget{Words: []string{"?"}}, Uncounted: true}
	t := &Table{Name: name, Unread: why}
	for _, hook := range []string{Prerouting, Forward} {
		c := t.Ensure(hook)
		c.Policy, c.Base = string(Accept), Base{Hook: hook}
		c.Append(rule)
	}
	return t
}

type nftParser struct {
	family Family
	table  *Table
	maps   map[string]json.RawMessage
}

func (p *nftParser) chain(n *nftChain) {
	c := p.table.Ensure(n.Name)
	if hook := nftHooks[n.Hook]; hook != "" {
		c.Base = Base{Hook: hook, Priority: n.Prio, NAT: n.Type == "nat"}
		c.Policy = string(Accept)
		if n.Policy == "drop" {
			c.Policy = string(Drop)
		}
	}
}

// rules are what a rule of nftables says: one, or one for each element of the
// verdict map that it asks.
func (p *nftParser) rules(n *nftRule) []*Rule {
	one := nftStatements{family: p.family, rule: Rule{Comment: n.Comment, Uncounted: true}}
	for _, statement := range n.Expr {
		for kind, body := range statement {
			if kind != "vmap" {
				one.add(kind, body)
				continue
			}
			list, err := p.dispatch(&one, body)
			if err == nil {
				return list
			}
			one.unknown(kind, body)
		}
	}
	return []*Rule{one.done()}
}

// errNFTWord says that a part of a rule has no word in iptables.
var errNFTWord = errors.New("not understood")

// dispatch are the rules of a verdict map.
func (p *nftParser) dispatch(before *nftStatements, body json.RawMessage) ([]*Rule, error) {
	var vmap struct {
		Key  json.RawMessage
		Data json.RawMessage
	}
	if json.Unmarshal(body, &vmap) != nil {
		return nil, errNFTWord
	}
	var elements json.RawMessage
	var name string
	if json.Unmarshal(vmap.Data, &name) == nil {
		var known bool
		if elements, known = p.maps[name]; !known {
			return nil, errNFTWord
		}
	} else {
		var set struct{ Set json.RawMessage }
		if json.Unmarshal(vmap.Data, &set) != nil {
			return nil, errNFTWord
		}
		elements = set.Set
	}
	var pairs [][2]json.RawMessage
	if len(elements) > 0 && json.Unmarshal(elements, &pairs) != nil {
		return nil, errNFTWord
	}
	// The kernel lists them in the order of their hashes, which changes.
	slices.SortFunc(pairs, func(a, b [2]json.RawMessage) int { return bytes.Compare(a[0], b[0]) })
	list := make([]*Rule, 0, len(pairs))
	for _, pair := range pairs {
		one := *before
		one.rule.Matches = slices.Clone(before.rule.Matches)
		if !one.match(nftMatch{Op: "==", Left: vmap.Key, Right: pair[0]}) {
			return nil, errNFTWord
		}
		var verdict map[string]json.RawMessage
		if json.Unmarshal(pair[1], &verdict) != nil || len(verdict) != 1 {
			return nil, errNFTWord
		}
		for kind, body := range verdict {
			one.add(kind, body)
		}
		list = append(list, one.done())
	}
	return list, nil
}
