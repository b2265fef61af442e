package page

import (
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/find"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/words"
)

// chainKeys are what the filter of the rules by chain may ask.
var chainKeys = []query.Key{
	query.Chain, query.Table, query.Owner, query.Src, query.Dst, query.IP, query.Port, query.DPort, query.SPort, query.Proto,
	query.Action, query.Iface, query.Rule, query.Family,
}

// chainRecord is a rule of a chain as the filter sees it: what the matches of
// its text say. A match that is turned round says nothing here.
type chainRecord struct {
	*chainRow
	names *find.Names
	row   string // the table row that the rule comes from
}

// options calls see for each option of the rule with its value; for a set the
// option is the side that is looked up in it.
func (r *chainRecord) options(see func(option, value string)) {
	option, set, not := "", "", false
	for word := range strings.FieldsSeq(r.text) {
		switch {
		case word == "!":
			not = true
		case strings.HasPrefix(word, "-"):
			option, set = word, ""
		case option == "--match-set" && set == "":
			set = word
		case option != "":
			if set != "" {
				option, _, _ = strings.Cut(word, ",")
				word = set
			}
			if !not {
				see(option, word)
			}
			option, not = "", false
		}
	}
}

// sideOption is the option of addresses, and that of a set, for a side.
func sideOption(k query.Key, src, dst string) (own, set string) {
	if k == query.Src || k == query.SPort {
		return src, "src"
	}
	return dst, "dst"
}

// Addrs appends the networks of a side, also those of a set.
func (r *chainRecord) Addrs(k query.Key, to []query.Span) []query.Span {
	own, set := sideOption(k, "-s", "-d")
	r.options(func(option, value string) {
		switch option {
		case own:
			if span, ok := query.ParseSpan(value); ok {
				to = append(to, span)
			}
		case set:
			spans, _ := r.names.Address(objectOf(value))
			to = append(to, spans...)
		}
	})
	return to
}

// objectOf is the object that a set was made from.
func objectOf(set string) string {
	for _, end := range []string{"_v4", "_v6", "_tcp", "_udp"} {
		if name, ok := strings.CutSuffix(set, end); ok {
			return name
		}
	}
	return set
}

// Ports appends the ports of a side, also those of a set.
func (r *chainRecord) Ports(k query.Key, to []query.Ports) []query.Ports {
	own, set := sideOption(k, "--sport", "--dport")
	r.options(func(option, value string) {
		switch option {
		case own, own + "s":
			for member := range strings.SplitSeq(value, ",") {
				if p, ok := query.ParsePorts(strings.ReplaceAll(member, ":", "-")); ok {
					to = append(to, p)
				}
			}
		case set:
			ports, _ := r.names.Service(objectOf(value))
			to = append(to, ports...)
		}
	})
	return to
}

// Words appends where the rule stands and what its options name.
func (r *chainRecord) Words(k query.Key, to []string) []string {
	switch k {
	case query.Chain:
		return append(to, r.chain)
	case query.Table:
		return append(to, r.table)
	case query.Owner:
		return append(to, r.owner)
	case query.Rule:
		return append(to, r.row)
	case query.Family:
		if r.v4 != nil {
			to = append(to, "v4")
		}
		if r.v6 != nil {
			to = append(to, "v6")
		}
		return to
	}
	_, set := sideOption(k, "", "")
	named := k == query.Src || k == query.Dst || k == query.DPort || k == query.SPort
	r.options(func(option, value string) {
		switch {
		case k == query.Proto && option == "-p",
			k == query.Iface && (option == "-i" || option == "-o"),
			k == query.Action && (option == "-j" || option == "-g"):
			to = append(to, value)
		case named && option == set:
			to = append(to, objectOf(value))
		}
	})
	return to
}

// Text appends what the columns show.
func (r *chainRecord) Text(to []byte) []byte {
	for _, s := range []string{r.table, r.chain, r.owner, r.text, r.row, r.whose} {
		to = append(append(to, s...), ' ')
	}
	return to
}

// speakOf sets the words of the filter for the list that is shown.
func (c *Counters) speakOf() {
	if c.tab == byChain {
		c.filter.names.Speak(chainKeys, map[query.Key][]string{
			query.Table: {"filter", "nat", "mangle", "raw", "security", ruleset.DockerBridges},
			query.Owner: {"ours", "docker", "foreign", "built-in"}, query.Iface: nil, query.Action: nil,
		})
		return
	}
	c.filter.names.SpeakCounters()
}

// rowAsk is what the filter says about the counters by row.
func (c *Counters) rowAsk() (keep, mark func(i int) bool) {
	return c.filter.ask(find.CounterRecords(&c.filter.names, c.snap.Rows))
}

// chainAsk is what the filter says about the rules by chain.
func (c *Counters) chainAsk() (keep, mark func(i int) bool) {
	rows, of := c.chains.rows, c.chains.rowOf
	record := &chainRecord{names: &c.filter.names}
	return c.filter.ask(func(i int) query.Record {
		record.chainRow, record.row = &rows[i], ""
		if row := of[rows[i].what]; row != nil {
			record.row = words.CounterName(row)
		}
		return record
	})
}

// values are the terms of the selected row.
func (c *Counters) values() []string {
	if c.tab == byChain {
		row, ok := c.chains.selected()
		if !ok {
			return nil
		}
		r := &chainRecord{chainRow: row, names: &c.filter.names}
		terms := []string{query.Term(query.Chain, r.chain), query.Term(query.Owner, r.owner)}
		if r.whose != "" {
			terms = append(terms, query.Term(query.Text, r.whose))
		}
		for _, k := range []query.Key{query.Action, query.Iface, query.Proto} {
			for _, word := range r.Words(k, nil) {
				terms = append(terms, query.Term(k, word))
			}
		}
		return terms
	}
	i, ok := c.rows[c.tab].Selected()
	if !ok || i >= len(c.snap.Rows) {
		return nil
	}
	r := &c.snap.Rows[i]
	if r.Row.Line == 0 {
		return []string{query.Term(query.Rule, r.Row.Name)}
	}
	return find.RowTerms(r.Row.Kind, r.Row.Line, strings.Fields(r.Text), 0)
}
