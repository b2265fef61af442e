package ruleset

import (
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestParseRecordedSets proves what is kept of sets of every type, as ipset
// 7.17 saves them.
func TestParseRecordedSets(t *testing.T) {
	text, err := os.ReadFile("testdata/save/sets.txt")
	if err != nil {
		t.Fatal(err)
	}
	sets, err := ParseSets(text)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"a4":  "hash:net v4 -1: 1.2.3.0/29 1.2.3.4/32 1.2.3.8/31 9.9.9.9/32 nomatch 10.0.0.0/8 10.1.0.0/16",
		"a6":  "hash:net v6 -1: ::1/128 ::ffff:1.2.3.4/128 1:0:0:2::/64 nomatch 2001:db8::/32",
		"at":  "hash:net v4 60: 5.5.5.5/32 6.6.6.6/32",
		"p":   "bitmap:port -1 0-65535: 5-5 80-80 90-95",
		"pp":  "bitmap:port 10 10-20: 10-12",
		"l":   "list:set 30: a4 a6",
		"l2":  "list:set -1: a4 a6",
		"l3":  "list:set -1:",
		"ip":  `hash:ip v4 -1: 1.2.3.4/32 comment "hello world" 1.2.3.5/32 comment "a\b" 1.2.3.6/32 1.2.3.7/32 comment "new` + "\n" + `line"`,
		"ipc": "hash:ip v4 -1: 1.2.3.4/32 skbmark 0x1 skbprio 1:5 skbqueue 3",
		"nc":  `hash:net v4 0: 1.2.3.0/24 nomatch comment "x y"`,
		"ipp": "hash:ip,port v6 -1: ::1,ipv6-icmp:3/4 ::1,tcp:80",
		"ni":  "hash:net,iface v4 -1: 1.0.0.0/8,eth0",
		"m":   "bitmap:ip v4 -1: 10.0.0.5/32",
		"m2":  "bitmap:ip v4 -1: 10.0.5.0/24",
		"hn":  "hash:ip v4 -1: 10.0.5.0/24",
		"fa":  "hash:net v4 -1:",
		"bm":  "bitmap:ip,mac v4 -1: 10.0.0.7,00:11:22:33:44:55",
		"ipn": "hash:ip,port,net v4 -1:",
	}
	for name, want := range tests {
		s := sets[name]
		if s == nil {
			t.Errorf("set %s is gone", name)
			continue
		}
		if got := setWords(s); got != want {
			t.Errorf("set %s:\nwant %s\n got %s", name, want, got)
		}
	}
	if len(sets) != len(tests) {
		t.Errorf("sets: %v", sets.Names())
	}
	if left := sets["nc"].Members[0].Timeout; left < 70 || left > 77 {
		t.Errorf("timeout of nc: %d", left)
	}
}

func setWords(s *Set) string {
	words := []string{s.Type}
	if s.Family != 0 {
		words = append(words, s.Family.String())
	}
	words = append(words, fmt.Sprint(s.Timeout))
	if s.Ports != (PortRange{}) {
		words = append(words, fmt.Sprintf("%d-%d", s.Ports.Lo, s.Ports.Hi))
	}
	words[len(words)-1] += ":"
	for _, m := range s.Members {
		switch {
		case m.Prefix.IsValid():
			words = append(words, m.Prefix.String())
		case s.Type == BitmapPort:
			words = append(words, fmt.Sprintf("%d-%d", m.Port.Lo, m.Port.Hi))
		}
		if m.Text != "" {
			words = append(words, m.Text)
		}
	}
	return strings.Join(words, " ")
}

// TestParseSetsErrors proves that only text that is not a dump is an error.
func TestParseSetsErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", ""},
		{"an error message of the tool", "ipset v7.17: Kernel error\n", `line 1 of the sets: "ipset v7.17: Kernel error" is neither create nor add`},
		{"add before create", "add a 1.2.3.4\n", `line 1 of the sets: add to set "a", which was not created`},
		{"no type", "create a\n", `line 1 of the sets: create "a" has no name or no type`},
		{"no network", "create a hash:net family inet\nadd a eth0\n", `line 2 of the sets: set a: member "eth0" is not understood`},
		{"line numbers count line feeds in comments", "create a hash:ip comment\nadd a 1.1.1.1 comment \"x\ny\"\nbad\n", `line 4 of the sets: "bad" is neither create nor add`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseSets([]byte(test.text))
			if got := errorText(err); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}

// TestSetRestoreText proves the form of the text, and what is refused.
func TestSetRestoreText(t *testing.T) {
	net := func(s string) Member { return Member{Prefix: netip.MustParsePrefix(s)} }
	tests := []struct {
		name string
		set  Set
		want string
	}{
		{"networks", Set{Name: "a_v4", Type: HashNet, Family: V4, Timeout: -1, Members: []Member{net("10.0.0.0/8"), net("1.2.3.4/32")}},
			"create a_v4 hash:net family inet\nadd a_v4 10.0.0.0/8\nadd a_v4 1.2.3.4\n"},
		{"networks of IPv6", Set{Name: "a_v6", Type: HashNet, Family: V6, Timeout: -1, Members: []Member{net("2001:db8::/32")}},
			"create a_v6 hash:net family inet6\nadd a_v6 2001:db8::/32\n"},
		{"excluded", Set{Name: "a", Type: HashNet, Family: V4, Timeout: 60, Members: []Member{{Prefix: netip.MustParsePrefix("1.0.0.0/8"), Text: "nomatch", Timeout: 7}}},
			"create a hash:net family inet timeout 60\nadd a 1.0.0.0/8 timeout 7 nomatch\n"},
		{"ports", Set{Name: "p", Type: BitmapPort, Timeout: -1, Ports: PortRange{0, 65535}, Members: []Member{{Port: Port(22)}, {Port: PortRange{80, 90}}}},
			"create p bitmap:port range 0-65535\nadd p 22\nadd p 80-90\n"},
		{"the gate", Set{Name: TrialSet, Type: ListSet, Timeout: 30, Members: []Member{{Text: TrialAll4, Timeout: 30}, {Text: TrialAll6}}},
			"create mfw_trial list:set timeout 30\nadd mfw_trial mfw_all4 timeout 30\nadd mfw_trial mfw_all6 timeout 0\n"},
		{"everything", Set{Name: "a", Type: HashNet, Family: V4, Timeout: -1, Members: []Member{net("0.0.0.0/0")}},
			"set a: 0.0.0.0/0: a set of networks cannot hold everything, write its two halves"},
		{"host bits", Set{Name: "a", Type: HashNet, Family: V4, Timeout: -1, Members: []Member{net("1.2.3.4/8")}}, "set a: 1.2.3.4/8 has host bits"},
		{"another family", Set{Name: "a", Type: HashNet, Family: V4, Timeout: -1, Members: []Member{net("::1/128")}}, "set a: address ::1 is not an IPv4 address"},
		{"a foreign comment", Set{Name: "a", Type: HashNet, Family: V4, Timeout: -1, Members: []Member{{Prefix: netip.MustParsePrefix("1.0.0.0/8"), Text: `comment "x"`}}},
			`set a: 1.0.0.0/8 has words that are not written: comment "x"`},
		{"a port outside", Set{Name: "p", Type: BitmapPort, Timeout: -1, Ports: PortRange{10, 20}, Members: []Member{{Port: Port(22)}}}, "set p: port 22-22 is outside of the set"},
		{"another type", Set{Name: "a", Type: "hash:ip", Family: V4, Timeout: -1}, "set a: a hash:ip set of family 4 is not written"},
		{"no family", Set{Name: "a", Type: HashNet, Timeout: -1}, "set a: a hash:net set of family 0 is not written"},
		{"a bad name", Set{Name: "a\nflush", Type: HashNet, Family: V4}, `set name "a\nflush" has a character that is not allowed at byte 2`},
		{"a bad member", Set{Name: "l", Type: ListSet, Timeout: -1, Members: []Member{{Text: "x\nflush"}}}, `set l: set name "x\nflush" has a character that is not allowed at byte 2`},
		{"too long a timeout", Set{Name: "a", Type: ListSet, Timeout: 2147484}, "set a: timeout 2147484 is over 2147483 seconds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.set.RestoreText()
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("want %q\n got %q", test.want, got)
			}
		})
	}
}

// TestLargeSetsGetRoom proves that a set with more members than the default
// room says so.
func TestLargeSetsGetRoom(t *testing.T) {
	text, err := manyMembers(300000).RestoreText()
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(text, "\n"); !strings.HasPrefix(first, "create geo_XX_v4 hash:net family inet maxelem ") {
		t.Errorf("create line: %s", first)
	}
}

// TestNormalize proves the one order and form of members.
func TestNormalize(t *testing.T) {
	s := NewSet("p", BitmapPort, 0)
	s.Members = []Member{{Port: Port(91)}, {Port: PortRange{80, 90}}, {Port: Port(22)}, {Port: PortRange{85, 89}}, {Port: Port(65535)}}
	s.Normalize()
	if want := []Member{{Port: Port(22)}, {Port: PortRange{80, 91}}, {Port: Port(65535)}}; !reflect.DeepEqual(s.Members, want) {
		t.Errorf("ports: want %v, got %v", want, s.Members)
	}
	n := NewSet("a", HashNet, V4)
	for _, p := range []string{"10.1.0.0/16", "10.0.0.5/8", "10.0.0.0/8", "9.0.0.0/8"} {
		n.Members = append(n.Members, Member{Prefix: netip.MustParsePrefix(p)})
	}
	n.Normalize()
	if got, want := setWords(n), "hash:net v4 -1: 9.0.0.0/8 10.0.0.0/8 10.1.0.0/16"; got != want {
		t.Errorf("networks: want %s, got %s", want, got)
	}
}

// TestDiffMembers proves that timeouts do not count and that both sides are
// found.
func TestDiffMembers(t *testing.T) {
	parse := func(text string) *Set {
		sets, err := ParseSets([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return sets["a"]
	}
	before := parse("create a hash:net family inet timeout 9\nadd a 1.0.0.0/8 timeout 3\nadd a 2.0.0.0/8 timeout 4\nadd a 3.0.0.0/8 timeout 0 nomatch\n")
	after := parse("create a hash:net family inet timeout 9\nadd a 2.0.0.0/8 timeout 8\nadd a 3.0.0.0/8 timeout 0\nadd a 4.0.0.0/8 timeout 1\n")
	added, gone := before.DiffMembers(after)
	if got, want := fmt.Sprint(added, gone), "[{3.0.0.0/8 {0 0}  0} {4.0.0.0/8 {0 0}  1}] [{1.0.0.0/8 {0 0}  3} {3.0.0.0/8 {0 0} nomatch 0}]"; got != want {
		t.Errorf("want %s\n got %s", want, got)
	}
	if before.Equal(after) || !before.Equal(before) {
		t.Error("Equal disagrees")
	}
	if !before.SameKind(after) || before.SameKind(NewSet("b", HashNet, V6)) {
		t.Error("SameKind disagrees")
	}
}

// TestPrefixesOf proves that a range is covered exactly, by the fewest
// prefixes.
func TestPrefixesOf(t *testing.T) {
	tests := []struct{ from, to, want string }{
		{"1.2.3.0", "1.2.3.9", "[1.2.3.0/29 1.2.3.8/31]"},
		{"1.2.3.1", "1.2.3.1", "[1.2.3.1/32]"},
		{"1.2.3.1", "1.2.3.6", "[1.2.3.1/32 1.2.3.2/31 1.2.3.4/31 1.2.3.6/32]"},
		{"0.0.0.0", "255.255.255.255", "[0.0.0.0/0]"},
		{"255.255.255.254", "255.255.255.255", "[255.255.255.254/31]"},
		{"2001:db8::", "2001:db8::1:ffff", "[2001:db8::/111]"},
		{"1.2.3.4", "1.2.3.3", "[]"},
		{"1.2.3.4", "2001:db8::", "[]"},
	}
	for _, test := range tests {
		got := PrefixesOf(netip.MustParseAddr(test.from), netip.MustParseAddr(test.to))
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s-%s: want %s, got %v", test.from, test.to, test.want, got)
		}
	}
}

// TestSetIndexAgreesWithSearch proves the index of nested and excluded networks
// against looking for the longest prefix, one by one.
func TestSetIndexAgreesWithSearch(t *testing.T) {
	s := NewSet("a", HashNet, V4)
	for i, p := range []string{"10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/24", "10.0.0.128/25", "10.0.0.255/32", "10.255.255.255/32", "11.0.0.0/32", "255.255.255.0/24", "0.0.0.0/32"} {
		m := Member{Prefix: netip.MustParsePrefix(p)}
		if i%2 == 1 {
			m.Text = noMatch
		}
		s.Members = append(s.Members, m)
	}
	x := indexSet(s)
	for _, m := range s.Members {
		last := LastAddr(m.Prefix)
		for _, a := range []netip.Addr{m.Prefix.Addr(), m.Prefix.Addr().Prev(), last, last.Next(), m.Prefix.Addr().Next()} {
			if !a.IsValid() {
				continue
			}
			longest, want := -1, No
			for _, other := range s.Members {
				if other.Prefix.Contains(a) && other.Prefix.Bits() > longest {
					longest, want = other.Prefix.Bits(), yes(other.matches())
				}
			}
			if got := x.contains(&Packet{Src: a}, "src"); got != want {
				t.Errorf("%s: want %d, got %d", a, want, got)
			}
		}
	}
}
