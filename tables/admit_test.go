package tables

import (
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestAdmitFindsOrMakesWhatTheRowNeeds(t *testing.T) {
	const addresses = "nas 192.168.10.20 -\nboth 203.0.113.9 2001:db8::9\ntwin 192.168.10.21 fd00::21\n"
	const services = "http 80 -\ndns 53 53\n"
	const rules = "ext FW ALL ALL http accept\next ALL ALL ALL ALL reject\nint ext ALL ALL ALL accept\n"
	base := Wanted{From: "ext", To: "FW", Src: netip.MustParseAddr("203.0.113.12"), Dst: netip.MustParseAddr("203.0.113.1"), Proto: 6, Port: 80}
	with := func(change func(*Wanted)) Wanted {
		w := base
		change(&w)
		return w
	}
	tests := []struct {
		name string
		in   Wanted
		want string // the lines that are new
	}{
		{"a host of its own, a service that is there", base,
			"addresses:4 host-203-0-113-12 203.0.113.12 -\nrules:2 ext FW host-203-0-113-12 ALL http accept"},
		{"towards an object", with(func(w *Wanted) { w.To, w.Dst = "int", netip.MustParseAddr("192.168.10.20") }),
			"addresses:4 host-203-0-113-12 203.0.113.12 -\nrules:2 ext int host-203-0-113-12 nas http accept"},
		{"an object of both families lets too much pass", with(func(w *Wanted) { w.Src = netip.MustParseAddr("203.0.113.9") }),
			"addresses:4 host-203-0-113-9 203.0.113.9 -\nrules:2 ext FW host-203-0-113-9 ALL http accept"},
		{"towards an object of both families, since the source is in one", with(func(w *Wanted) { w.To, w.Dst = "int", netip.MustParseAddr("192.168.10.21") }),
			"addresses:4 host-203-0-113-12 203.0.113.12 -\nrules:2 ext int host-203-0-113-12 twin http accept"},
		{"from one, since the destination is in one", with(func(w *Wanted) {
			w.To, w.Src, w.Dst = "int", netip.MustParseAddr("2001:db8::9"), netip.MustParseAddr("fd00::5")
		}),
			"addresses:4 host-fd00-5 - fd00::5\nrules:2 ext int both host-fd00-5 http accept"},
		{"between two of them only one", with(func(w *Wanted) {
			w.To, w.Src, w.Dst = "int", netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("192.168.10.21")
		}),
			"addresses:4 host-203-0-113-9 203.0.113.9 -\nrules:2 ext int host-203-0-113-9 twin http accept"},
		{"a service of both protocols does, too", with(func(w *Wanted) { w.Proto, w.Port = 17, 53 }),
			"addresses:4 host-203-0-113-12 203.0.113.12 -\nservices:3 udp-53 - 53\nrules:2 ext FW host-203-0-113-12 ALL udp-53 accept"},
		{"IPv6", with(func(w *Wanted) { w.Src = netip.MustParseAddr("2001:db8:113:0:aaaa:bbbb:cccc:dddd") }),
			"addresses:4 host-aaaa-bbbb-cccc-dddd - 2001:db8:113:0:aaaa:bbbb:cccc:dddd\nrules:2 ext FW host-aaaa-bbbb-cccc-dddd ALL http accept"},
		{"before the row that denies", with(func(w *Wanted) { w.Before = 1 }),
			"addresses:4 host-203-0-113-12 203.0.113.12 -\nrules:1 ext FW host-203-0-113-12 ALL http accept"},
		{"behind the rows of the zone, and masqueraded", with(func(w *Wanted) { w.From, w.To, w.NAT, w.Dst = "int", "ext", true, netip.MustParseAddr("192.168.10.20") }),
			"addresses:4 host-203-0-113-12 203.0.113.12 -\nrules:4 int ext host-203-0-113-12 nas http accept+nat"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, _ := Load(fstest.MapFS{
				"addresses": {Data: []byte(addresses)}, "services": {Data: []byte(services)},
				"interfaces": {Data: []byte("eth0 ext -\neth1 int -\n")}, "rules": {Data: []byte(rules)}, "virtuals": {},
			})
			cfg, problems := set.Check(Facts{})
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			next, line, err := set.Admit(cfg, tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, k := range []Kind{Addresses, Services, Rules} {
				before := string(set.File(k).Bytes())
				for i, l := range next.File(k).Lines {
					if !strings.Contains("\n"+before, "\n"+l.String()+"\n") {
						got = append(got, k.String()+":"+string(rune('1'+i))+" "+strings.Join(l.Texts(), " "))
					}
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
			if text := next.File(Rules).Line(line).Texts(); text[0] != tt.in.From {
				t.Errorf("line %d is %q", line, text)
			}
			if _, problems := next.Check(Facts{}); problems.HasErrors() {
				t.Error(problems)
			}
		})
	}
}

func TestAdmitSaysWhatNoRowCanName(t *testing.T) {
	set, _ := Load(fstest.MapFS{"addresses": {}, "services": {}, "interfaces": {Data: []byte("eth0 ext -\n")}, "rules": {}, "virtuals": {}})
	cfg, _ := set.Check(Facts{})
	a := netip.MustParseAddr("10.0.0.1")
	for _, tt := range []struct {
		in   Wanted
		want string
	}{
		{Wanted{From: "ext", To: "FW", Src: a, Dst: a, Proto: 1}, "protocol 1"},
		{Wanted{From: "wlan0", To: "FW", Src: a, Dst: a, Proto: 6}, "'wlan0', which is no zone"},
		{Wanted{From: "ext", To: "wg0", Src: a, Dst: a, Proto: 6}, "'wg0', which is no zone"},
	} {
		if _, _, err := set.Admit(cfg, tt.in); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.in, err, tt.want)
		}
	}
}
