package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/words"
)

func formConfig(t *testing.T) *tables.Config {
	t.Helper()
	set, _ := tables.Load(fstest.MapFS{
		"addresses":  {Data: []byte("lan 192.168.0.0/24 fd00:1::/64\nnas 192.168.0.20 -\nrange 10.0.0.5-10.0.0.9 -\nserver 198.51.100.4 2001:db8::4\n")},
		"services":   {Data: []byte("https 443 -\ndns 53 53\nhigh 8000-8010 -\n")},
		"interfaces": {Data: []byte("eth0 ext -\neth1 int -\n")},
		"rules":      {Data: []byte("ext FW ALL ALL https accept\n")}, "virtuals": {},
	})
	cfg, problems := set.Check(tables.Facts{})
	if cfg == nil {
		t.Fatal(problems)
	}
	return cfg
}

// TestPacketFormIsRead gives for "IN OUT PROTO STATE SRC DST", a dot being an
// empty field, what the packet is in each family that it makes sense in, or
// what is wrong.
func TestPacketFormIsRead(t *testing.T) {
	cfg := formConfig(t)
	tests := []struct{ form, want string }{
		{". . tcp NEW 203.0.113.9 198.51.100.4:443", "v4 tcp 203.0.113.9:40000 > 198.51.100.4:443 NEW"},
		{"eth0 FW tcp ESTABLISHED 203.0.113.9:51022 198.51.100.4:22", "v4 tcp 203.0.113.9:51022 > 198.51.100.4:22 ESTABLISHED in eth0 out FW"},
		{". . tcp . [2001:db8::9]:5 [2001:db8::4]:443", "v6 tcp [2001:db8::9]:5 > [2001:db8::4]:443 NEW"},
		{". . tcp NEW 2001:db8::9 server:https", "v6 tcp [2001:db8::9]:40000 > [2001:db8::4]:443 NEW"},
		{". . tcp NEW lan server:https", "v4 tcp 192.168.0.1:40000 > 198.51.100.4:443 NEW; v6 tcp [fd00:1::1]:40000 > [2001:db8::4]:443 NEW"},
		{". . udp NEW range:53 server:dns", "v4 udp 10.0.0.5:53 > 198.51.100.4:53 NEW"},
		{". . tcp NEW nas server:high", "v4 tcp 192.168.0.20:40000 > 198.51.100.4:8000 NEW"},
		{". . icmp NEW lan server", "v4 icmp 192.168.0.1 > 198.51.100.4 type 8 NEW; v6 ipv6-icmp fd00:1::1 > 2001:db8::4 type 128 NEW"},
		{". . icmp/3 NEW 203.0.113.9 198.51.100.4", "v4 icmp 203.0.113.9 > 198.51.100.4 type 3 NEW"},
		{". . gre NEW 203.0.113.9 198.51.100.4", "v4 47 203.0.113.9 > 198.51.100.4 NEW"},
		{". . sctpx NEW 203.0.113.9 198.51.100.4", `proto: "sctpx" is no protocol: tcp, udp, icmp, icmp/3, gre or a number`},
		{". . tcp OLD 203.0.113.9 198.51.100.4:1", `state: "OLD" is no state: NEW for the first packet, ESTABLISHED for a later one`},
		{". . tcp NEW . 198.51.100.4:1", "src: write an address, or the name of an address object"},
		{". . tcp NEW lna 198.51.100.4:1", `src: "lna" is neither an address nor an address object`},
		{". . tcp NEW 203.0.113.9 198.51.100.4", "dst: write the port or the service, for example 198.51.100.4:443"},
		{". . tcp NEW 203.0.113.9 2001:db8::4", "dst: 2001:db8::4 is not an IPv4 address, the other one is"},
		{". . udp NEW 203.0.113.9 server:https", "dst: service https has no udp port"},
		{". . tcp NEW 203.0.113.9 server:htps", `dst: "htps" is neither a port from 0 to 65535 nor a service`},
		{". . gre NEW 203.0.113.9 server:47", "dst: 47 has no ports"},
		{". . tcp NEW 2001:db8::9 nas:443", "dst: nas has no IPv6 address that is known here"},
		{"averylongifacename . tcp NEW 203.0.113.9 198.51.100.4:1", `in: "averylongifacename" is longer than an interface name can be`},
	}
	for _, tt := range tests {
		t.Run(tt.form, func(t *testing.T) {
			var form packetForm
			for i, word := range strings.Fields(tt.form) {
				if word != "." {
					form[i] = word
				}
			}
			questions, wrong := form.questions(cfg, ruleset.V4)
			var got []string
			for _, q := range questions {
				got = append(got, questionText(q))
			}
			if wrong != nil {
				got = append(got, fieldNames[wrong.field]+": "+wrong.text)
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("\n got %s\nwant %s", s, tt.want)
			}
		})
	}
}

func questionText(q engine.Question) string {
	p := q.Packet
	ports := hasPortsProto(p.Proto)
	s := fmt.Sprintf("%s %s %s > %s", p.Family(), ruleset.ProtocolName(p.Proto), words.Endpoint(p.Src, p.SrcPort, ports), words.Endpoint(p.Dst, p.DstPort, ports))
	if p.Proto == ruleset.ICMP || p.Proto == ruleset.ICMPv6 {
		s += fmt.Sprintf(" type %d", p.ICMPType)
	}
	s += " " + p.State.String()
	if p.In != "" {
		s += " in " + p.In
	}
	if q.Out != "" {
		s += " out " + q.Out
	}
	return s
}

func TestPacketFormOffersWhatCouldBeMeant(t *testing.T) {
	cfg := formConfig(t)
	tests := []struct {
		name  string
		field int
		text  string
		want  []string
	}{
		{"interfaces and this host", inField, "", []string{"eth0", "eth1", "FW"}},
		{"the beginning of a name", srcField, "na", []string{"nas"}},
		{"the middle of a name", srcField, "erv", []string{"server"}},
		{"a slip at the end", srcField, "servre", []string{"server"}},
		{"services behind the colon", dstField, "server:", []string{"server:dns", "server:high", "server:https"}},
		{"a service", dstField, "server:ht", []string{"server:https"}},
		{"nothing like it", srcField, "zzz", nil},
		{"protocols", protoField, "u", []string{"udp"}},
		{"states", stateField, "est", []string{"ESTABLISHED"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form := packetForm{protoField: "tcp"}
			form[tt.field] = tt.text
			if got := form.offers(tt.field, cfg); !slices.Equal(got, tt.want) {
				t.Errorf("%q offers %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestFormOfAPacketReadsAsTheSamePacket(t *testing.T) {
	for _, form := range []packetForm{
		{protoField: "tcp", stateField: "NEW", srcField: "203.0.113.9:51022", dstField: "198.51.100.4:443"},
		{inField: "eth0", protoField: "udp", stateField: "ESTABLISHED", srcField: "[2001:db8::9]:5", dstField: "[2001:db8::4]:53"},
		{protoField: "icmp", stateField: "NEW", srcField: "2001:db8::9", dstField: "2001:db8::4"},
		{protoField: "icmp/3", stateField: "NEW", srcField: "203.0.113.9", dstField: "198.51.100.4"},
		{protoField: "47", stateField: "NEW", srcField: "203.0.113.9", dstField: "198.51.100.4"},
	} {
		questions, wrong := form.questions(nil, ruleset.V4)
		if wrong != nil {
			t.Errorf("%v: %s", form, wrong.text)
		} else if got := formOf(questions[0].Packet); got != form {
			t.Errorf("%v came back as %v", form, got)
		}
	}
}
