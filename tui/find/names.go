package find

import (
	"maps"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/words"
)

// Names are what the filter of one list may say: its keys and their words,
// and the objects of the tables as they were checked last. What an object stands
// for is worked out once for each check.
type Names struct {
	desk  *desk.Desk
	keys  []query.Key
	words map[query.Key][]string
	of    *tables.Config
	spans map[string][]query.Span
	ports map[string][]query.Ports
	// Containers are the addresses of containers by name, for lists of what
	// may be theirs. Objects of the tables come first.
	Containers map[string][]query.Span
}

// NewNames are the names of a desk, for a list that has certain keys.
func NewNames(d *desk.Desk, keys ...query.Key) Names { return Names{desk: d, keys: keys} }

// Speak sets the language: the keys, and the words that some of them may have.
func (n *Names) Speak(keys []query.Key, words map[query.Key][]string) {
	n.keys, n.words = keys, words
}

// Language is what the filter may say.
func (n *Names) Language() query.Language { return query.Language{Keys: n.keys, Names: n} }

// Ask reads a filter and says which rows it keeps; nil for all of them. One that
// cannot be read keeps none, and the problems say why.
func (n *Names) Ask(filter string, record func(i int) query.Record) (keep func(i int) bool, problems []query.Problem) {
	q, problems := n.Language().Parse(filter)
	if q.Empty() {
		return nil, problems
	}
	m := q.Matcher()
	return func(i int) bool { return m.Keep(record(i)) }, problems
}

// config is the view of the tables, nil before they were checked.
func (n *Names) config() *tables.Config {
	cfg := n.desk.Config()
	if cfg != n.of || n.spans == nil {
		n.of = cfg
		n.spans, n.ports = make(map[string][]query.Span), make(map[string][]query.Ports)
	}
	return cfg
}

// Address resolves an address object, or a container. ALL, DOCKER and countries
// are names too, of no addresses in particular.
func (n *Names) Address(name string) ([]query.Span, bool) {
	cfg := n.config()
	if special(name) {
		return nil, true
	}
	if spans, ok := n.spans[name]; ok {
		return spans, true
	}
	if cfg == nil {
		return n.container(name)
	}
	a, ok := cfg.Addresses[name]
	if !ok {
		return n.container(name)
	}
	var spans []query.Span
	for _, list := range [][]tables.AddrValue{a.V4, a.V6} {
		for _, v := range list {
			switch {
			case v.Prefix.IsValid():
				spans = append(spans, query.PrefixSpan(v.Prefix))
			case v.From.IsValid():
				spans = append(spans, query.Span{Lo: v.From, Hi: v.To})
			}
		}
	}
	n.spans[name] = spans
	return spans, true
}

func (n *Names) container(name string) ([]query.Span, bool) {
	spans, ok := n.Containers[name]
	return spans, ok
}

func special(name string) bool {
	return name == tables.All || name == tables.Docker || strings.HasPrefix(name, tables.GeoPrefix)
}

// Service resolves a service object.
func (n *Names) Service(name string) ([]query.Ports, bool) {
	cfg := n.config()
	if name == tables.All {
		return nil, true
	}
	if ports, ok := n.ports[name]; ok {
		return ports, true
	}
	if cfg == nil {
		return nil, false
	}
	svc, ok := cfg.Services[name]
	if !ok {
		return nil, false
	}
	var ports []query.Ports
	for _, p := range append(svc.TCP[:len(svc.TCP):len(svc.TCP)], svc.UDP...) {
		ports = append(ports, query.Ports{Lo: p.Lo, Hi: p.Hi})
	}
	n.ports[name] = ports
	return ports, true
}

// Values lists what a key may have.
func (n *Names) Values(k query.Key) []string {
	if words, ok := n.words[k]; ok {
		return words
	}
	switch k {
	case query.Proto:
		return words.Protocols()
	case query.NAT:
		return []string{"src", "dst", "none"}
	case query.Rule:
		return tableNames()
	}
	cfg := n.config()
	if cfg == nil {
		return nil
	}
	switch k {
	case query.Zone:
		zones := cfg.Zones()
		if !slices.Contains(zones, tables.Docker) { // rules may name it without an interface
			zones = append(zones, tables.Docker)
		}
		return append(zones, tables.FW, tables.All)
	case query.Src, query.Dst, query.IP:
		return append(append(DefinedNames(n.desk.Set(), tables.Addresses), slices.Sorted(maps.Keys(n.Containers))...), tables.All)
	case query.Port, query.DPort, query.SPort:
		return append(DefinedNames(n.desk.Set(), tables.Services), tables.All)
	case query.Iface:
		return DefinedNames(n.desk.Set(), tables.Interfaces)
	}
	return nil
}

// DefinedNames are the names in the first column of a table, in its order.
func DefinedNames(set *tables.Set, k tables.Kind) []string {
	if set == nil {
		return nil
	}
	var names []string
	for _, l := range set.File(k).Lines {
		if l.IsRow() && len(l.Cells) > 0 {
			names = append(names, l.Cells[0].Text)
		}
	}
	return names
}

func tableNames() []string {
	var names []string
	for _, k := range tables.Kinds() {
		names = append(names, k.String())
	}
	return names
}
