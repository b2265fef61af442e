package query

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// row is a record of the tests.
type row struct {
	text         string
	src, dst     string // a network; empty for none
	sport, dport Ports
	words        map[Key][]string
}

func (r *row) Addrs(k Key, to []Span) []Span {
	text := r.src
	if k == Dst {
		text = r.dst
	}
	if span, ok := ParseSpan(text); ok {
		to = append(to, span)
	}
	return to
}

func (r *row) Ports(k Key, to []Ports) []Ports {
	p := r.dport
	if k == SPort {
		p = r.sport
	}
	if p.Hi > 0 {
		to = append(to, p)
	}
	return to
}

func (r *row) Words(k Key, to []string) []string { return append(to, r.words[k]...) }
func (r *row) Text(to []byte) []byte             { return append(to, r.text...) }

// names are those of the tests.
type names struct{}

func (names) Address(name string) ([]Span, bool) {
	switch name {
	case "lan":
		return []Span{PrefixSpan(netip.MustParsePrefix("192.168.0.0/24"))}, true
	case "ALL":
		return nil, true
	}
	return nil, false
}

func (names) Service(name string) ([]Ports, bool) {
	return []Ports{{443, 443}}, name == "https"
}

func (names) Values(k Key) []string {
	switch k {
	case Zone:
		return []string{"ext", "int", "DOCKER", "FW", EveryZone}
	case Src, Dst, IP:
		return []string{"lan", "laptop", "ALL"}
	case Port, DPort, SPort:
		return []string{"https", "http"}
	case Rule:
		return []string{"rules", "virtuals"}
	case Proto:
		return []string{"tcp", "udp", "icmp"}
	}
	return nil
}

var all = Language{Keys: Keys(), Names: names{}}

var rows = map[string]*row{
	"web": {text: "tcp 203.0.113.9:51022 198.51.100.4:443 ESTABLISHED", src: "203.0.113.9", dst: "198.51.100.4", sport: Ports{51022, 51022}, dport: Ports{443, 443},
		words: map[Key][]string{Zone: {"ext", "DOCKER"}, Proto: {"tcp"}, Family: {"v4"}, Rule: {"virtuals:2"}, State: {"ESTABLISHED"}}},
	"dns": {text: "udp 192.168.0.17:40000 8.8.8.8:53", src: "192.168.0.17", dst: "8.8.8.8", sport: Ports{40000, 40000}, dport: Ports{53, 53},
		words: map[Key][]string{Zone: {"int", "ext"}, Proto: {"udp"}, Family: {"v4"}, Rule: {"rules:32"}}},
	"six": {text: "icmp 2001:db8::1 2001:db8::2", src: "2001:db8::1", dst: "2001:db8::2",
		words: map[Key][]string{Zone: {"ext", "FW"}, Proto: {"icmp"}, Family: {"v6"}, Rule: {"established"}}},
	"any": {text: "ext FW ALL lan all ports, Büro", dst: "192.168.0.0/24", dport: Ports{1, 65535},
		words: map[Key][]string{Zone: {"ext", "FW"}, Src: {"ALL"}, Dst: {"lan"}}},
}

// sides are rows with a zone on each side, as one of them has it.
var sides = map[string]*row{
	"int>FW":  {words: map[Key][]string{Zone: {"int", "FW"}}},
	"int>ALL": {words: map[Key][]string{Zone: {"int", EveryZone}}},
	"ALL>ext": {words: map[Key][]string{Zone: {EveryZone, "ext"}}},
	"ext>":    {words: map[Key][]string{Zone: {"ext", ""}}},
}

// keeps fails the test unless a query keeps the rows of these names, in order.
func keeps(t *testing.T, query string, among map[string]*row, want string) {
	t.Helper()
	q, problems := all.Parse(query)
	if len(problems) > 0 {
		t.Fatalf("%q: %v", query, problems)
	}
	m, kept := q.Matcher(), []string(nil)
	for name, r := range among {
		if m.Keep(r) {
			kept = append(kept, name)
		}
	}
	slices.Sort(kept)
	if got := strings.Join(kept, " "); got != want {
		t.Errorf("%q keeps %q, want %q", query, got, want)
	}
}

func TestRowOfEveryZoneIsOneOfEachZone(t *testing.T) {
	tests := []struct{ query, want string }{
		{"zone:>FW", "int>ALL int>FW"},
		{"zone:>ext", "ALL>ext int>ALL"},
		{"zone:>F", "int>ALL int>FW"},
		{"zone:ext>", "ALL>ext ext>"},
		{"zone:int>FW", "int>ALL int>FW"},
		{"zone:ext>FW", ""},
		{"zone:DOCKER", "ALL>ext int>ALL"},
		{"zone:ext", "ALL>ext ext> int>ALL"},
		{"!zone:ext", "int>FW"},
		{"!zone:>FW", "ALL>ext ext>"},
		{"zone:>ALL", "int>ALL"},
		{"zone:ALL", "ALL>ext int>ALL"},
		{"zone:>FW !zone:>ALL", "int>FW"},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) { keeps(t, tt.query, sides, tt.want) })
	}
}

func TestQueryKeeps(t *testing.T) {
	const every = "any dns six web"
	tests := []struct{ query, want string }{
		{"", every},
		{"tcp", "web"},
		{"TCP established", "web"},
		{`"8.8.8.8:53"`, "dns"},
		{"büro", "any"},
		{"BÜRO", "any"},
		{`"ext FW"`, "any"},
		{`!"ext FW"`, "dns six web"},
		{"!!tcp", "web"},
		{"!", every},
		{"src:", every},
		{"src:203.0.113.0/24", "web"},
		{"src:203.0", "web"},
		{"src:203.0.113.1-203.0.113.20", "web"},
		{"src:lan", "dns"},
		{"src:LAN", "dns"},
		{"src:la", "dns"},
		{"src:ALL", "any"},
		{"!src:ALL", "dns six web"},
		{"ip:203.0.113.9,2001:db8::2", "six web"},
		{"src:lan,203.0.113.9", "dns web"},
		{"src:lan,", "dns"},
		{"dst:lan", "any"},
		{"dst:192.168.0.0/16", "any"},
		{"dst:192.168.0.77", "any"},
		{"ip:192.168.0.0/16", "any dns"},
		{"10.0.0.0/8", ""},
		{"8.0.0.0/8", "dns"},
		{"ip:2001:db8::/32", "six"},
		{"src:2001:db8:", "six"},
		{"2001:db8", "six"},
		{"203.0.113.9:51022", "web"},
		{"port:443", "any web"},
		{"port:51022", "any web"},
		{"dport:51022", "any"},
		{"sport:51022", "web"},
		{"sport:1-50000", "dns"},
		{"port:https udp", ""},
		{"dport:htt tcp", "web"},
		{"dport:50-100", "any dns"},
		{"port:50000-", "any web"},
		{"zone:ext", "any dns six web"},
		{"zone:ext>DOCKER", "web"},
		{"zone:ext>", "any six web"},
		{"zone:>ext", "dns"},
		{"zone:doc", "web"},
		{"zone:ext>f", "any six"},
		{"rule:32", "dns"},
		{"rules:32", "dns"},
		{"virtuals:2", "web"},
		{"rule:virtuals:2", "web"},
		{"rule:est", "six"},
		{"proto:udp", "dns"},
		{"proto:U", "dns"},
		{"v6", "six"},
		{"!v6 !v4", "any"},
		{"state:estab", "web"},
		{"zone:ext !proto:tcp !v6", "any dns"},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) { keeps(t, tt.query, rows, tt.want) })
	}
}

func TestWhatCannotBeReadIsSaidAndKeepsNothing(t *testing.T) {
	tests := []struct{ query, want string }{
		{"srcc:10.0.0.1", `srcc:10.0.0.1: no key "srcc" here`},
		{"src:300.1.1.1", "is no address, network or address object"},
		{"src:10.0.0.0/40", "is no address, network or address object"},
		{"src:nobody", "is no address, network or address object"},
		{"src:lan,nobody", "\"nobody\" is no address, network or address object"},
		{"port:many", "is no port"},
		{"port:70000", "is no port"},
		{"port:1024-80", "is no port"},
		{"zone:mars", `no zone "mars" (ext int DOCKER FW ALL)`},
		{"zone:ext>mars", `no zone "mars"`},
		{"proto:quic", `no proto "quic" (tcp udp icmp)`},
		{"rule:rules:x", `"x" is no line of rules`},
		{"ssh port:many", "port:many: "},
		{"!port:many", "is no port"},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			q, problems := all.Parse(tt.query)
			if len(problems) != 1 || !strings.Contains(problems[0].Error(), tt.want) {
				t.Fatalf("%q: problems %v, want one with %q", tt.query, problems, tt.want)
			}
			for name, r := range rows {
				if q.Matcher().Keep(r) {
					t.Errorf("%q keeps %s", tt.query, name)
				}
			}
		})
	}
}

func TestKeyThatTheListDoesNotHaveIsSaid(t *testing.T) {
	_, problems := Language{Keys: []Key{Src, Port}}.Parse("zone:ext")
	if want := "zone:ext: this list has no zone (src port)"; len(problems) != 1 || problems[0].Error() != want {
		t.Errorf("problems %v, want %q", problems, want)
	}
}

func TestComplete(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"s", []string{"src:", "state:", "sport:"}},
		{"tcp !sr", []string{"tcp !src:"}},
		{"zone:", []string{"zone:ext", "zone:int", "zone:DOCKER", "zone:FW", "zone:ALL"}},
		{"zone:ext>d", []string{"zone:ext>DOCKER"}},
		{"src:la", []string{"src:lan", "src:laptop"}},
		{"v", []string{"v4", "v6"}},
		{"nokey:x", nil},
		{`"src`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			var got []string
			for _, c := range all.Complete(tt.text) {
				got = append(got, c.Text)
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q completes to %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestTermIsReadBack(t *testing.T) {
	for _, tt := range []struct {
		key   Key
		value string
	}{{Src, "203.0.113.9"}, {Chain, "a chain"}, {Text, "rules:a"}, {Text, "!x"}, {State, "rolled back"}} {
		text := Term(tt.key, tt.value)
		q, problems := all.Parse(text)
		if len(problems) > 0 || len(q.terms) != 1 || q.terms[0].key != tt.key || q.terms[0].not {
			t.Errorf("%q reads as %+v, %v", text, q.terms, problems)
		}
	}
}

func TestEveryKeyIsExplainedByAnExampleThatReads(t *testing.T) {
	l := Language{Keys: Keys()}
	for _, k := range Keys() {
		q, problems := l.Parse(k.Example())
		if k == Dst || k == DPort { // examples with names, which this language has none of
			continue
		}
		if k.Help() == "" || len(problems) > 0 || len(q.terms) != 1 || q.terms[0].key != k {
			t.Errorf("key %q: help %q, example %q reads as %+v, %v", k.Name(), k.Help(), k.Example(), q.terms, problems)
		}
	}
}

// FuzzParse shows that whatever is typed is read without a panic, and that a
// negated term keeps exactly the rows that the term does not.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"src:10.0.0.0/8", "!port:1-1024", `"a b`, "zone:ext>", "rules:1", "::", "a:b:c", "src:1.2.3.4-", "!!!", "ip:::1", "port:-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, problems := all.Parse(text)
		all.Complete(text)
		if len(problems) > 0 || len(q.terms) != 1 || strings.Contains(strings.Trim(text, " "), " ") {
			return
		}
		at := strings.TrimLeft(text, " ")
		not, problems := all.Parse("!" + at)
		if len(problems) > 0 || len(not.terms) != 1 {
			t.Fatalf("%q is one term, but with ! it is %d, %v", text, len(not.terms), problems)
		}
		for name, r := range rows {
			if q.Matcher().Keep(r) == not.Matcher().Keep(r) {
				t.Errorf("%q and its complement agree about %s", text, name)
			}
		}
	})
}

func TestManySpansAreAskedLikeEachOfThem(t *testing.T) {
	var spans []Span
	for _, text := range []string{"10.0.0.5", "10.0.0.0/30", "10.0.0.2-10.0.0.9", "192.168.0.0/16", "192.168.7.0/24", "2001:db8::/32", "::1"} {
		span, _ := ParseSpan(text)
		spans = append(spans, span)
	}
	list := joined(spans)
	for _, text := range []string{"10.0.0.0", "10.0.0.9", "10.0.0.10", "9.255.255.255", "192.168.255.255", "192.0.0.0/8", "0.0.0.0/0", "::/0", "::2", "2001:db8:ffff::1"} {
		span, _ := ParseSpan(text)
		want := slices.ContainsFunc(spans, span.overlaps)
		if got := meets(list, span); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
