package tables

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// show prints problems one on a line, with the correction they offer.
func show(ps Problems) string {
	var b strings.Builder
	for _, p := range ps {
		fmt.Fprintf(&b, "%s %s", p.Severity, p.Error())
		if p.Suggest != "" {
			fmt.Fprintf(&b, " [%s]", p.Suggest)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestCheck checks the tables of each archive, with the facts that it states,
// and compares with its "problems".
func TestCheck(t *testing.T) {
	for _, a := range readArchives(t, "check") {
		t.Run(strings.TrimSuffix(filepath.Base(a.path), ".txtar"), func(t *testing.T) {
			set, facts, want := NewSet(), Facts{}, ""
			kept := &txtar.Archive{Comment: a.Comment}
			for _, f := range a.Files {
				switch f.Name {
				case "problems":
					want = string(f.Data)
					continue
				case "facts":
					facts = readFacts(t, string(f.Data))
				default:
					set = set.With(Parse(kindOf(t, f.Name), f.Data))
				}
				kept.Files = append(kept.Files, f)
			}
			_, problems := set.Check(facts)
			got := show(problems)
			kept.Files = append(kept.Files, txtar.File{Name: "problems", Data: []byte(got)})
			if *update {
				if err := os.WriteFile(a.path, txtar.Format(kept), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("%sgot\n%s\nwant\n%s", a.Comment, got, want)
			}
		})
	}
}

// readFacts reads lines such as "interfaces eth0 eth1" and "countries DE AT".
func readFacts(t *testing.T, text string) (facts Facts) {
	t.Helper()
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch words[0] {
		case "interfaces":
			facts.Interfaces = words[1:]
		case "countries":
			facts.Countries = func(code string) bool { return slices.Contains(words[1:], code) }
		case "services":
			facts.Services = ServiceNames(strings.Join(words[1:], " "))
		default:
			t.Fatalf("unknown fact %s", words[0])
		}
	}
	return facts
}

// base are tables without an error, for cases about one line.
var base = map[Kind]string{
	Addresses: "lan_home 192.168.0.0/24 fd00::/64\nlan_nas 192.168.0.1 fd00::1\nrouter 203.0.113.1 2001:db8::1\n" +
		"v4only 10.0.0.1 -\nv6only - fd00::2\nmdns 224.0.0.251 ff02::fb\nnets 10.1.0.0/16,10.2.0.0/16,10.4.0.0/16 -\nspan 10.0.0.1-10.0.0.4 -\nnamed nas.example nas.example\n",
	Services: "ssh 22 -\nhttp 80 -\nhttp-alt 8080 -\nsnmp - 161\ndns 53 53\nhigh 8000-8010 -\nhigher 9000-9010 -\nlow 100-105 -\n" +
		"web 80,443 -\ndhcp - 68>67\nnone - -\n",
	Interfaces: "eth0 ext -\neth1 int -\ndocker0 DOCKER -\n",
	Rules:      "ext FW ALL ALL ssh accept\n",
	Options:    "* virtual-scope dnat\n",
}

// setWith is base with lines added to one table.
func setWith(k Kind, lines string) *Set {
	set := NewSet()
	for kind, text := range base {
		if kind == k {
			text += lines
		}
		set = set.With(Parse(kind, []byte(text)))
	}
	if k == Virtuals {
		set = set.With(Parse(k, []byte(lines)))
	}
	return set
}

func TestBaseHasWarningsOnly(t *testing.T) {
	cfg, problems := setWith(Options, "").Check(Facts{})
	want := `warning addresses:8:6: the range 10.0.0.1-10.0.0.4 is split into networks when it is loaded; a network is cheaper
warning addresses:9:7: 'nas.example' is a host name, resolved once when the tables are compiled; give an address
warning addresses:9:19: 'nas.example' is a host name, resolved once when the tables are compiled; give an address
warning services:11:6: 'none' has neither a TCP nor a UDP port; rules that use it never match
`
	if got := show(problems); got != want {
		t.Errorf("problems are\n%swant\n%s", got, want)
	}
	if len(cfg.Addresses) != 9 || len(cfg.Services) != 11 || len(cfg.Interfaces) != 3 || len(cfg.Rules) != 1 {
		t.Errorf("rows are missing in %+v", cfg)
	}
}

// badInput is the bad-input matrix. Each case adds lines to one of the base tables
// and names every problem of these lines.
var badInput = []struct {
	id    string
	table Kind
	lines string
	want  string // "E cell: text [suggestion]", one a line
}{
	{"I10 NUL", Rules, "# nul \x00 here\n", "E 7: byte 0x00 in column 7; not a text file?"},
	{"I11 invalid UTF-8", Addresses, "# a\xff\n", "E 4: not valid UTF-8 (byte 0xff at column 4)"},
	{"I14 escape in a comment", Rules, "# a\x1b[2J\n", "W 4: control character U+001B at column 4; remove it"},
	{"I14 escape in a row", Rules, "ext FW ALL ALL ssh\x1b accept\n", `E 16: service 'ssh\x1b' does not exist; did you mean 'ssh'? [ssh]
E 19: control character U+001B at column 19; remove it`},
	{"I14 control character as white space", Rules, "int FW ALL ALL\x0bssh accept\n", "W 15: control character U+000B at column 15; remove it"},
	{"I15 bidi control", Rules, "# x \u202e\n", "W 5: U+202E (right-to-left override) at column 5 can hide text; remove it"},
	{"I16 no-break space", Rules, "int FW\u00a0ALL ALL ssh accept\n", "W 7: U+00A0 (no-break space) at column 7; use a normal space or tab"},
	{"I16 is about rows", Rules, "# a\u00a0b\n", ""},
	{"I17 long line", Rules, "# " + strings.Repeat("x", 4095) + "\n", "E 1: line is 4097 bytes; the limit is 4096"},
	{"I18 no line end", Rules, "# end", "W 1: last line has no line end; check that the file is complete"},
	{"I20 comment after the columns", Rules, "ext FW ALL ALL ssh accept # my rule\n", "E 27: found '#' as column 7; comments must be on their own line"},

	{"I21 too few columns", Rules, "ext FW ALL ssh accept\n", "E 1: expected 6 columns (source zone, destination zone, source address, destination address, service, action), found 5"},
	{"I22 too many columns", Rules, "ext FW ALL ALL ssh ssh accept\n", "E 24: expected 6 columns, found 7; the extra one is 'accept'"},
	{"I22 many too many", Services, "a 1 2 3 4 5\n", "E 7: expected 3 columns (name, TCP ports, UDP ports), found 6; the first one too many is '3'"},
	{"I23 name begins with a dash", Addresses, "-lan 1.2.3.4 -\n", "W 1: name '-lan' should start with a letter or digit"},
	{"I23 zone begins with a dash", Interfaces, "eth9 -lan -\n", "E 6: zone name '-lan' must start with a letter or digit"},
	{"I24 quote", Addresses, "lan';id 1.2.3.4 -\n", "E 1: name 'lan';id' contains '''; use letters, digits, '_', '-' and '.'"},
	{"I24 what MicroFW loads", Addresses, "lan;id 1.2.3.4 -\n", "W 1: name 'lan;id' contains ';'; use letters, digits, '_', '-' and '.'"},
	{"I24 letters that MicroFW loads", Services, "büro 1 -\n", ""},
	{"I24 other scripts alone", Addresses, "офис 1.2.3.4 -\n事務所 1.2.3.5 -\n", ""},
	{"I24 a sign that MicroFW loads", Addresses, "büro→lan 1.2.3.4 -\n", `W 1: name 'b\u00fcro\u2192lan' contains '\u2192'; use letters, digits, '_', '-' and '.'`},
	{"I24 a combining mark", Addresses, "bu\u0308ro 1.2.3.4 -\n", `W 1: name 'bu\u0308ro' contains '\u0308'; use letters, digits, '_', '-' and '.'`},
	{"I24 a space of no width", Addresses, "lan\u200bnas 1.2.3.4 -\n", `E 1: name 'lan\u200bnas' contains '\u200b'; use letters, digits, '_', '-' and '.'`},
	{"I24 a name like it", Rules, "int FW bürro ALL ssh accept\n", "E 8: source address 'bürro' does not exist; add it to addresses"},
	{"I25 Cyrillic letter", Addresses, "l\u0430n 1.2.3.4 -\n", `E 1: name 'l\u0430n' contains U+0430 (Cyrillic), which looks like 'a' [lan]`},
	{"I25 Cyrillic among other Latin letters", Addresses, "bür\u043e 1.2.3.4 -\n", `E 1: name 'b\u00fcr\u043e' contains U+043E (Cyrillic), which looks like 'o' [büro]`},
	{"I25 all Cyrillic that looks Latin", Addresses, "\u0440\u0430\u0441 1.2.3.4 -\n", `E 1: name '\u0440\u0430\u0441' contains U+0440 (Cyrillic), which looks like 'p' [pac]`},
	{"I26 ALL", Addresses, "ALL 1.2.3.4 -\n", "E 1: 'ALL' is reserved; choose another name"},
	{"I26 DOCKER", Addresses, "DOCKER 1.2.3.4 -\n", "E 1: 'DOCKER' is reserved; choose another name"},
	{"I26 GEO", Addresses, "GEO:DE 1.2.3.4 -\n", "E 1: 'GEO:DE' is reserved; choose another name"},
	{"I26 service", Services, "ALL 1 -\n", "E 1: 'ALL' is reserved; choose another name"},
	{"I27 duplicate address", Addresses, "lan_nas 1.2.3.4 -\n", "W 1: redefines 'lan_nas' from line 2; the last one wins"},
	{"I28 duplicate service", Services, "ssh 222 -\n", "W 1: redefines 'ssh' from line 1; the last one wins"},
	{"I29 duplicate interface", Interfaces, "eth0 int -\n", "E 1: duplicate interface: 'eth0' is already in zone 'ext' (line 1)"},
	{"I30 only case differs", Addresses, "Lan_Nas 1.2.3.4 -\n", "W 1: 'Lan_Nas' and 'lan_nas' (line 2) differ only by case"},
	{"I31 address name", Addresses, strings.Repeat("a", 29) + " 1.2.3.4 -\n", "E 1: address name has 29 characters; the limit is 28 (kernel set names end at 31)"},
	{"I31 address name that fits", Addresses, strings.Repeat("a", 28) + " 1.2.3.4 -\n", ""},
	{"I31 address name in bytes", Addresses, strings.Repeat("ü", 15) + " 1.2.3.4 -\n", "E 1: address name has 30 bytes (15 characters); the limit is 28 (kernel set names end at 31)"},
	{"I31 address name in bytes that fits", Addresses, strings.Repeat("ü", 14) + " 1.2.3.4 -\n", ""},
	{"I31 service name", Services, strings.Repeat("a", 28) + " 1 -\n", "E 1: service name has 28 characters; the limit is 27 (kernel set names end at 31)"},
	{"I32 zone name", Interfaces, "eth9 " + strings.Repeat("a", 25) + " -\n", "E 6: zone name has 25 characters; the limit is 24 (kernel chain names end at 28)"},
	{"I33 zone FW", Interfaces, "eth9 FW -\n", "E 6: zone cannot be ALL or FW; 'FW' is reserved"},

	{"I34 octal", Addresses, "a 010.0.0.1 -\n", "E 3: '010.0.0.1' has a leading zero; iptables would read it as 8.0.0.1; write 10.0.0.1 [10.0.0.1]"},
	{"I34 not even octal", Addresses, "a 08.0.0.1/24 -\n", "E 3: '08.0.0.1' has a leading zero; write 8.0.0.1 [8.0.0.1/24]"},
	{"I35 short", Addresses, "a 1.2.3 -\n", "W 3: '1.2.3' is not a complete IPv4 address; ipset reads it as 1.2.0.3; write that [1.2.0.3]"},
	{"I36 hexadecimal", Addresses, "a 0x7f.0.0.1 -\n", "E 3: '0x7f.0.0.1' is not an IPv4 address, network, range or host name"},
	{"I36 one number", Addresses, "a 4294967295 -\n", "W 3: '4294967295' is not a complete IPv4 address; ipset reads it as 255.255.255.255; write that [255.255.255.255]"},
	{"I36 number too large", Addresses, "a 4294967296 -\n", "E 3: '4294967296' is not an IPv4 address, network, range or host name"},
	{"M47 out of range", Addresses, "a 300.1.1.1 -\n", "E 3: '300.1.1.1' is not an IPv4 address, network, range or host name"},
	{"I37 prefix too long", Addresses, "a 10.0.0.1/33 -\n", "E 3: prefix length 33 is too long for IPv4 (1-32)"},
	{"I38 host bits", Addresses, "a 10.0.0.5/8 -\n", "W 3: 10.0.0.5/8 has host bits set; did you mean 10.0.0.0/8 or 10.0.0.5? [10.0.0.0/8]"},
	{"I38 short network", Addresses, "a 10/8 -\n", "W 3: '10/8' has no complete IPv4 address; ipset reads it as 0.0.0.0/8; write that [0.0.0.0/8]"},
	{"I39 mask", Addresses, "a 1.2.3.4/255.0.255.0 -\n", "E 3: write the mask '255.0.255.0' as a prefix length (for example /24)"},
	{"I39 good mask", Addresses, "a 1.2.0.0/255.255.0.0 -\n", "E 3: write the mask as a prefix length: 1.2.0.0/16 [1.2.0.0/16]"},
	{"I40 every IPv4 address", Addresses, "a 0.0.0.0/0 -\n", "E 3: 0.0.0.0/0 is every address and cannot be a set member; use ALL in the rule"},
	{"I40 every IPv6 address", Addresses, "a - ::/0\n", "E 5: ::/0 is every address and cannot be a set member; use ALL in the rule"},
	{"I40 as a range", Addresses, "a 0.0.0.0-255.255.255.255 -\n", "E 3: 0.0.0.0-255.255.255.255 is every address and cannot be a set member; use ALL in the rule"},
	{"I41 unspecified", Addresses, "a 0.0.0.0 ::\n", `W 3: 0.0.0.0 is the unspecified address, which hardly ever appears in traffic
W 11: :: is the unspecified address, which hardly ever appears in traffic`},
	{"I42 host name", Addresses, "a nas.example -\n", "W 3: 'nas.example' is a host name, resolved once when the tables are compiled; give an address"},
	{"I42 no host name", Addresses, "a nas_.exa$mple 10.0.0.1a\n", `E 3: 'nas_.exa$mple' is not an IPv4 address, network, range or host name
E 17: '10.0.0.1a' is not an IPv6 address, network, range or host name`},
	{"I42 host name with a prefix", Addresses, "a nas.example/24 -\n", "E 3: 'nas.example/24' is not a network; before the / stands an address"},
	{"I43 IPv6 in the IPv4 column", Addresses, "a fd00::1 -\n", "E 3: fd00::1 is an IPv6 address in the IPv4 column; move it to the IPv6 column"},
	{"I44 IPv4 in the IPv6 column", Addresses, "a - 1.2.3.0/24\n", "E 5: 1.2.3.0 is an IPv4 address in the IPv6 column; move it to the IPv4 column"},
	{"I45 zone index", Addresses, "a - fe80::1%eth0\n", "E 5: zone index '%eth0' is not possible in a rule; use the interface's zone [fe80::1]"},
	{"I46 IPv4-mapped", Addresses, "a - ::ffff:1.2.3.4\n", "W 5: ::ffff:1.2.3.4 is an IPv4-mapped address, which never appears in traffic; put 1.2.3.4 in the IPv4 column"},
	{"I47 prefix too long", Addresses, "a - 2001:db8::/129\n", "E 5: prefix length 129 is too long for IPv6 (1-128)"},
	{"I47 not an address", Addresses, "a - 1::2::3\n", "E 5: '1::2::3' is not an IPv6 address"},
	{"I48 list", Addresses, "a 10.0.0.1,10.0.0.0/30 -\n", ""},
	{"I48 range that is a network", Addresses, "a 10.0.0.0-10.0.0.255 -\n", "W 3: the range 10.0.0.0-10.0.0.255 is the network 10.0.0.0/24; write that [10.0.0.0/24]"},
	{"I48 range in the wrong order", Addresses, "a 10.0.0.9-10.0.0.1 fd00::9-fd00::1\n", `W 3: '10.0.0.9-10.0.0.1' is read as the range 10.0.0.1-10.0.0.9; write that [10.0.0.1-10.0.0.9]
W 21: 'fd00::9-fd00::1' is read as the range fd00::1-fd00::9; write that [fd00::1-fd00::9]`},
	{"I48 range of a last number", Addresses, "a 10.0.0.1-10 -\n", "W 3: '10.0.0.1-10' is read as the range 0.0.0.10-10.0.0.1; write that [0.0.0.10-10.0.0.1]"},
	{"I48 empty member", Addresses, "a 10.0.0.1,,10.0.0.2, -\n", `E 3: a member of the list is empty; remove the comma
E 3: a member of the list is empty; remove the comma`},
	{"I48 dash in a list", Addresses, "a 10.0.0.1,- -\n", "E 3: '-' means no address and cannot be in a list"},
	{"I48 listed twice", Addresses, "a 10.0.0.1,10.0.0.2,10.0.0.1/32 -\n", "W 3: '10.0.0.1/32' is listed twice [10.0.0.1,10.0.0.2]"},
	{"I48 suggestion keeps the list", Addresses, "a 10.0.0.1,010.0.0.2 -\n", "E 3: '010.0.0.2' has a leading zero; iptables would read it as 8.0.0.2; write 10.0.0.2 [10.0.0.1,10.0.0.2]"},
	{"I48 brackets", Addresses, "a [10.0.0.1] [nas.example]\n", `W 3: '[10.0.0.1]' needs no brackets; write 10.0.0.1 [10.0.0.1]
W 14: 'nas.example' is a host name, resolved once when the tables are compiled; give an address
W 14: '[nas.example]' needs no brackets; write nas.example [nas.example]`},
	{"I49 no address", Addresses, "a - -\n", "W 3: 'a' has no address; rules that use it never match"},
	{"I50 multicast source", Rules, "ext FW mdns ALL dns accept\n", "W 8: source 'mdns' is a multicast address and cannot be a source"},

	{"I51 port 0", Services, "a 0 -\n", "E 3: port 0 is not usable (1-65535)"},
	{"I52 too large", Services, "a 65536 99999999999999999999\n", `E 3: port 65536 is out of range (1-65535)
E 9: port 99999999999999999999 is out of range (1-65535)`},
	{"I52 negative", Services, "a -1 -\n", "E 3: port -1 is out of range (1-65535)"},
	{"I53 octal", Services, "a 022 -\n", "E 3: '022' has a leading zero; iptables would read it as 18; write 22 [22]"},
	{"I53 hexadecimal", Services, "a 0x16 -\n", "E 3: '0x16' is not a decimal port number (1-65535)"},
	{"I54 reversed", Services, "a 80-22 -\n", "W 3: range 80-22 is reversed; write 22-80 [22-80]"},
	{"I55 known name", Services, "a domain http-alt\n", `W 3: 'domain' is a service name, read as port 53; write the number [53]
W 10: 'http-alt' is a service name, read as port 8080; write the number [8080]`},
	{"I55 range of names", Services, "a ssh-smtp -\n", `W 3: 'ssh' is a service name, read as port 22; write the number
W 3: 'smtp' is a service name, read as port 25; write the number`},
	{"I55 unknown name", Services, "a sssh -\n", "E 3: 'sssh' is not a port number (1-65535) or a known service name"},
	{"I55 what ipset also reads", Services, "a tcp:22 +23\n", `W 3: 'tcp:22' is read as port 22; write that [22]
W 10: '+23' is read as port 23; write that [23]`},
	{"I56 list", Services, "a 22,8000-8010 68>67\n", ""},
	{"I56 open range", Services, "a 22- >67\n", `E 3: a port is missing; write a number of 1 to 65535
E 7: a port is missing; write a number of 1 to 65535`},
	{"I56 suggestion keeps the source", Services, "a 022>023 -\n", `E 3: '022' has a leading zero; iptables would read it as 18; write 22 [22>023]
E 3: '023' has a leading zero; iptables would read it as 19; write 23 [022>23]`},
	{"I57 no port", Services, "a - -\n", "W 3: 'a' has neither a TCP nor a UDP port; rules that use it never match"},
	{"I58 wildcard", Interfaces, "eth+ int -\n", "W 1: 'eth+' is a wildcard in iptables; list the interfaces"},
	{"I59 interface name", Interfaces, "abcdefghijklmnop int -\n", "E 1: interface name has 16 characters; the limit is 15 (kernel interface names end at 15)"},
	{"I60 alias", Interfaces, "eth0:1 int -\n", "W 1: 'eth0:1' is an alias, not an interface, and never matches; use eth0 [eth0]"},
	{"I60 slash", Interfaces, "eth/0 int -\n", "W 1: 'eth/0' cannot be the name of an interface and never matches"},
	{"I61 loopback", Interfaces, "lo int -\n", "W 1: loopback is always allowed; a zone for it has no effect on the firewall itself"},
	{"I62 unknown protocol", Interfaces, "eth9 int gre,osfp,256\n", `E 10: unknown protocol 'osfp'; did you mean 'ospf'? [gre,ospf,256]
E 10: protocol 256 is out of range (1-255)`},
	{"I63 every protocol", Interfaces, "eth9 int all\n", "W 10: protocol 'all' opens the firewall itself to everything on this interface; use a rule"},
	{"I64 icmp", Interfaces, "eth9 int icmp\n", "W 10: 'icmp' is of IPv4; for IPv6 it never matches, and ICMP is accepted anyway unless a rule refuses it"},
	{"M41 protocols", Interfaces, "eth9 int gre,89,TCP\n", ""},

	{"I67 unknown source zone", Rules, "dmx FW ALL ALL ssh accept\n", "E 1: source zone 'dmx' does not exist; zones: ext, int, DOCKER"},
	{"I67 mistyped source zone", Rules, "exr FW ALL ALL ssh accept\n", "E 1: source zone 'exr' does not exist; did you mean 'ext'? zones: ext, int, DOCKER [ext]"},
	{"I68 unknown destination zone", Rules, "ext dmx ALL ALL ssh accept\n", "E 5: destination zone 'dmx' does not exist; zones: ext, int, DOCKER, FW, ALL"},
	{"I69 source ALL", Rules, "ALL FW ALL ALL ssh accept\n", "E 1: source zone cannot be ALL or FW; write one row for each zone"},
	{"I70 capitals", Rules, "ext FW ALL ALL dns ACCEPT\n", "E 20: invalid action 'ACCEPT'; use accept, accept+nat, reject or drop, each with or without +log [accept]"},
	{"I70 another firewall's word", Rules, "ext FW ALL ALL dns allow\n", "E 20: invalid action 'allow'; use accept, accept+nat, reject or drop, each with or without +log [accept]"},
	{"I70 order of the suffixes", Rules, "int ext ALL ALL dns accept+log+nat\n", "E 21: invalid action 'accept+log+nat'; use accept, accept+nat, reject or drop, each with or without +log [accept+nat+log]"},
	{"I70 log", Rules, "ext FW ALL ALL dns drop+log\n", ""},
	{"I71 unknown address", Rules, "ext FW lan_nsa ALL ssh drop\n", "E 8: source address 'lan_nsa' does not exist; did you mean 'lan_nas'? [lan_nas]"},
	{"I71 nothing near", Rules, "ext FW ALL nowhere ssh drop\n", "E 12: destination address 'nowhere' does not exist; add it to addresses"},
	{"I71 unknown service", Rules, "ext FW ALL ALL shh drop\n", "E 16: service 'shh' does not exist; did you mean 'ssh'? [ssh]"},
	{"I72 plain address", Rules, "ext FW 192.168.0.1 ALL ssh drop\n", "E 8: '192.168.0.1' is not an address name; did you mean 'lan_nas'? [lan_nas]"},
	{"I72 plain network", Rules, "ext FW 10.0.0.0/8 ALL ssh drop\n", "E 8: '10.0.0.0/8' is not an address name; add it to addresses and write its name here"},
	{"I73 plain port", Rules, "ext FW ALL ALL 8443 drop\n", "E 16: '8443' is not a service name; add it to services and write its name here"},
	{"I73 plain port with a name", Rules, "ext FW ALL ALL 8080 drop\n", "E 16: '8080' is not a service name; did you mean 'http-alt'? [http-alt]"},
	{"I74 unknown country", Rules, "ext FW GEO:XX ALL dns accept\n", "E 8: no country data loaded for GEO:XX; check the code, or give data with --geo"},
	{"I74 not a code", Rules, "ext FW GEO:DEU,A ALL dns accept\n", "E 8: 'DEU' is not a country code; codes have two letters, as in GEO:DE,AT"},
	{"M44 lower case", Rules, "ext FW GEO:de,AT,DE ALL dns accept\n", ""},
	{"M43 empty GEO", Rules, "ext FW GEO: ALL dns accept\n", "E 8: GEO: has an empty country list, which would match every source; write GEO:DE or ALL"},
	{"I75 GEO as destination", Rules, "ext FW ALL GEO:DE dns accept\n", "E 12: GEO is possible only as source"},
	{"I77 no family in common", Rules, "int ext v4only v6only ALL accept\n", "W 9: matches nothing: 'v4only' has no IPv6 address and 'v6only' has no IPv4 address"},
	{"I78 accept+nat to FW", Rules, "int FW ALL ALL dns accept+nat\n", "W 20: accept+nat makes no sense for traffic to the firewall; no nat rule is made"},
	{"I79 shadowed", Rules, "int DOCKER lan_nas ALL ALL reject\nint DOCKER lan_nas v4only ssh accept\n", "W 1: never reached: rules:2 (int -> DOCKER reject) decides first"},
	{"I79 shadowed by ALL zones", Rules, "int ALL ALL ALL ALL accept\nint DOCKER lan_nas v4only ssh drop\n", "W 1: never reached: rules:2 (int -> ALL ALL accept) decides first"},
	{"I79 nat is not shadowed", Rules, "int ext ALL ALL ALL accept+nat\nint ext lan_home ALL ALL accept+nat\n", ""},

	{"I82 external ALL", Virtuals, "ext ALL lan_nas http http\n", "E 5: external address cannot be ALL; name an address"},
	{"I82 internal ALL", Virtuals, "ext router ALL http http\n", "E 12: internal address cannot be ALL; name an address"},
	{"I83 prefix as target", Virtuals, "ext router lan_home http http\n", `E 12: 'lan_home' is 192.168.0.0/24; DNAT needs one address
E 12: 'lan_home' is fd00::/64; DNAT needs one address`},
	{"I83 list as target", Virtuals, "ext router nets http http\n", `E 12: 'nets' has 3 IPv4 addresses; a virtual needs one
W 12: 'router' has an IPv6 address and 'nets' has none; no IPv6 forwarding is made`},
	{"I83 range as external", Virtuals, "ext span v4only http http\n", "E 5: 'span' is the range 10.0.0.1-10.0.0.4; a virtual needs one address"},
	{"I83 prefix as external", Virtuals, "ext lan_home v4only http http\n", "W 14: 'lan_home' has an IPv6 address and 'v4only' has none; no IPv6 forwarding is made"},
	{"I84 ALL on one side", Virtuals, "ext router lan_nas http ALL\n", "E 25: when one service is ALL, the other must also be ALL"},
	{"I85 DOCKER with ALL", Virtuals, "ext router DOCKER ALL ALL\n", "E 19: cannot expose ALL ports to containers; name a service"},
	{"I87 range lengths", Virtuals, "ext router lan_nas high low\n", "E 25: port ranges 8000-8010 and 100-105 have different lengths"},
	{"I87 one port to a range", Virtuals, "ext router lan_nas http low\n", "E 25: port ranges 80 and 100-105 have different lengths"},
	{"M39 ranges", Virtuals, "ext router lan_nas high higher\n", ""},
	{"I87 range to one port", Virtuals, "ext router lan_nas high http\n", ""},
	{"I87 list", Virtuals, "ext router lan_nas web web\n", ""},
	{"I87 list as target", Virtuals, "ext router lan_nas http web\n", "E 25: 'web' has 2 ports; a virtual that changes the port needs one port or one range"},
	{"I87 source port", Virtuals, "ext router lan_nas dhcp dhcp\n", "E 20: 'dhcp' asks for a source port, which a virtual cannot; use a service without one"},
	{"M40 no protocol in common", Virtuals, "ext router lan_nas http snmp\n", "W 25: 'http' has no UDP port but 'snmp' has; UDP is forwarded from port 80 all the same"},
	{"I89 families differ", Virtuals, "ext router v4only http http\n", "W 12: 'router' has an IPv6 address and 'v4only' has none; no IPv6 forwarding is made"},
	{"I89 no family in common", Virtuals, "ext v6only v4only http http\n", "W 12: 'v6only' and 'v4only' have no address family in common; the row forwards nothing"},
	{"I90 the same port twice", Virtuals, "ext router lan_nas http http\next router v4only http http-alt\n", `W 5: 'router' tcp/80 is already forwarded by line 1, which comes first
W 12: 'router' has an IPv6 address and 'v4only' has none; no IPv6 forwarding is made`},
	{"I83 host name as target", Virtuals, "ext router named http http\n", `E 12: 'named' is the host name 'nas.example'; DNAT needs one address
E 12: 'named' is the host name 'nas.example'; DNAT needs one address`},
	{"I84 ALL on both sides", Virtuals, "ext router lan_nas ALL ALL\n", ""},
	{"I90 every port twice", Virtuals, "ext router lan_nas ALL ALL\next router lan_nas ALL ALL\n", "W 5: 'router' with every port is already forwarded by line 1, which comes first"},
	{"virtual without a port", Virtuals, "ext router lan_nas http none\n", "W 20: a service without ports; the row forwards nothing"},
	{"unknown zone of a virtual", Virtuals, "dmz router lan_nas http http\n", "W 1: source zone 'dmz' does not exist, so the row does nothing; zones: ext, int, DOCKER"},
	{"M46 virtual from FW", Virtuals, "FW router lan_nas http http\n", "E 1: source zone cannot be ALL or FW; write one row for each zone"},

	{"unknown option", Options, "* nat-ordr first-match\n", "E 3: unknown option 'nat-ordr'; did you mean 'nat-order'? [nat-order]"},
	{"unknown value", Options, "* nat-order first_match\n", "E 13: invalid value 'first_match' for nat-order; use upstream or first-match [first-match]"},
	{"unknown scope", Options, "eth0 ndp accept\n", "E 1: unknown scope 'eth0'; write * for the whole firewall [*]"},
	{"option twice", Options, "* virtual-scope upstream\n", "W 3: redefines 'virtual-scope' from line 1; the last one wins"},
	{"countdown", Options, "* countdown 5\n", "E 13: invalid value '5' for countdown; use a number of seconds, 10 to 600"},
	{"rate", Options, "* log-denied 5/fortnight\n", "E 14: invalid value '5/fortnight' for log-denied; use off or a rate such as 5/min"},
}

func TestBadInput(t *testing.T) {
	countries := Facts{Countries: func(code string) bool { return code == "DE" || code == "AT" }}
	for _, c := range badInput {
		t.Run(c.id, func(t *testing.T) {
			set := setWith(c.table, c.lines)
			_, problems := set.Check(countries)
			got := ""
			for _, p := range problems {
				if p.File == c.table.String() && (c.table == Virtuals || p.Line == 0 || p.Line > strings.Count(base[c.table], "\n")) {
					got += strings.ToUpper(p.Severity.String()[:1]) + strings.TrimPrefix(p.Error(), fmt.Sprintf("%s:%d", p.File, p.Line))
					if p.Suggest != "" {
						got += " [" + p.Suggest + "]"
					}
					got += "\n"
				}
			}
			got = strings.ReplaceAll(strings.TrimSuffix(got, "\n"), "E:", "E ")
			got = strings.ReplaceAll(got, "W:", "W ")
			if got != c.want {
				t.Errorf("problems are\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
