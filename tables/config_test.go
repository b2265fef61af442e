package tables

import (
	"fmt"
	"strings"
	"testing"
)

// TestTypedView shows how cells are understood.
func TestTypedView(t *testing.T) {
	set := NewSet(
		Parse(Addresses, []byte("nas 192.168.0.1,10.0.0.5/8 nas.example\nspan 10.0.0.1-10.0.0.4 -\nnas2 1.2.3.4 -\nnas2 5.6.7.8 -\n")),
		Parse(Services, []byte("dhcp - 68>67,1000-1010\nweb 80,8000-8010 443\n")),
		Parse(Interfaces, []byte("eth0 ext gre,89\neth1 int -\neth2 ext -\n")),
		Parse(Rules, []byte("ext FW GEO:de,AT ALL web accept+nat+log\n\n#~ ext FW ALL ALL ALL drop\nint ALL nas span ALL reject\n")),
		Parse(Virtuals, []byte("ext nas2 DOCKER web web\n")),
		Parse(Options, []byte("* countdown 60\n* log-denied 5/min\n* nat-order first-match\n")),
	)
	cfg, _ := set.Check(Facts{})
	var b strings.Builder
	for _, name := range []string{"nas", "span", "nas2"} {
		a := cfg.Addresses[name]
		fmt.Fprintln(&b, a.Name, a.Num, a.V4, a.V6)
	}
	for _, name := range []string{"dhcp", "web"} {
		s := cfg.Services[name]
		fmt.Fprintln(&b, s.Name, s.TCP, s.UDP)
	}
	for _, i := range cfg.Interfaces {
		fmt.Fprintln(&b, i.Name, i.Zone, i.Protocols)
	}
	fmt.Fprintln(&b, cfg.Zones(), len(cfg.InZone("ext")))
	for _, r := range cfg.Rules {
		fmt.Fprintln(&b, r.Num, r.SrcZone, r.DstZone, r.Src, r.Dst, r.Service, r.Action)
		if r.Line != set.File(Rules).Line(r.Num) {
			t.Errorf("rules:%d does not point to its line", r.Num)
		}
	}
	for _, v := range cfg.Virtuals {
		fmt.Fprintln(&b, v.SrcZone, v.ExtAddr, v.IntAddr, v.ExtService, v.IntService)
	}
	fmt.Fprintln(&b, cfg.Options)
	want := `nas 1 [192.168.0.1 10.0.0.0/8] [nas.example]
span 2 [10.0.0.1-10.0.0.4] []
nas2 4 [5.6.7.8] []
dhcp [] [68>67 1000-1010]
web [80 8000-8010] [443]
eth0 ext [{gre 47} {89 89}]
eth1 int []
eth2 ext []
[ext int] 2
1 ext FW {GEO:de,AT  false [DE AT]} {ALL  true []} web accept+nat+log
4 int ALL {nas nas false []} {span span false []} ALL reject
ext nas2 DOCKER web web
{accept first-match upstream upstream pass 5/min 60}
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRangeOfANetwork compares the search for a network with its definition.
func TestRangeOfANetwork(t *testing.T) {
	for _, c := range []struct{ cell, want string }{
		{"10.0.0.0-10.0.0.255", "10.0.0.0/24"},
		{"10.0.0.0-10.0.1.0", "10.0.0.0-10.0.1.0"},
		{"10.0.0.1-10.0.0.2", "10.0.0.1-10.0.0.2"},
		{"10.0.0.2-10.0.0.3", "10.0.0.2/31"},
		{"10.0.0.7-10.0.0.7", "10.0.0.7"},
		{"128.0.0.0-255.255.255.255", "128.0.0.0/1"},
	} {
		values, _ := readAddrs(c.cell, ipv4)
		if got := fmt.Sprint(values); got != "["+c.want+"]" {
			t.Errorf("%s is %s, want %s", c.cell, got, c.want)
		}
	}
}

func TestNearestFindsWhatWasMeant(t *testing.T) {
	names := []string{"lan_nas", "lan_home", "google", "ALL", "http", "https", "db"}
	for _, c := range []struct{ text, want string }{
		{"lan_nsa", "lan_nas"},
		{"all", "ALL"},
		{"htp", "http"},
		{"htttps", "https"},
		{"gogle", "google"},
		{"bd", "db"},
		{"x", ""},
		{"office", ""},
		{"", ""},
	} {
		if got := nearest(c.text, names); got != c.want {
			t.Errorf("nearest to %q is %q, want %q", c.text, got, c.want)
		}
	}
}

// FuzzCheck checks whatever bytes: no crash, every problem inside its file,
// and every typed row on the line that it names.
func FuzzCheck(f *testing.F) {
	for _, s := range hardBytes {
		f.Add([]byte(s), []byte(s))
	}
	for k, text := range base {
		f.Add([]byte(text), []byte(base[Kinds()[(int(k)+1)%len(base)]]))
	}
	f.Add([]byte("a 1.2.3.4,0.0.0.0/0,a-b,::1%x,[::1],010.1/08 fe80::/0"), []byte("ext a a ALL http"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		for _, k := range Kinds() {
			set := setWith(Rules, "").With(Parse(k, first)).With(Parse((k+1)%kindCount, second))
			cfg, problems := set.Check(Facts{})
			for _, p := range problems {
				if p.Line == 0 {
					continue
				}
				line := set.File(kindOf(t, p.File)).Line(p.Line)
				if line == nil || p.Col < 1 || p.Cell >= len(line.Cells) || p.Text == "" {
					t.Fatalf("no such place: %+v", p)
				}
			}
			for _, r := range cfg.Rules {
				if set.File(Rules).Line(r.Num) != r.Line || len(r.Line.Cells) != 6 {
					t.Fatalf("rule of line %d is not there", r.Num)
				}
			}
		}
	})
}

// manyRules makes tables of n rules: a tenth of n address objects, and every
// tenth rule accept+nat.
func manyRules(n int) *Set {
	var addresses, rules strings.Builder
	for i := range max(1, n/10) {
		fmt.Fprintf(&addresses, "host%-10d 10.%d.%d.%d         fd00::%x\n", i, i>>16, i>>8&255, i&255, i+1)
	}
	services := []string{"ssh", "http", "dns", "ALL"}
	for i := range n {
		action := "accept"
		if i%10 == 9 {
			action = "accept+nat"
		}
		fmt.Fprintf(&rules, "int             ext              host%-10d       host%-10d         %-8s  %s\n",
			i%max(1, n/10), (i/7)%max(1, n/10), services[i%4], action)
	}
	return setWith(Options, "").With(Parse(Addresses, []byte(addresses.String()))).With(Parse(Rules, []byte(rules.String())))
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		data := manyRules(n).File(Rules).Bytes()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				Parse(Rules, data)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		set := manyRules(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Check(Facts{})
			}
		})
	}
}

// BenchmarkCheckErrors has a name that does not exist in every row.
func BenchmarkCheckErrors(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		good := manyRules(n)
		rules := strings.ReplaceAll(string(good.File(Rules).Bytes()), "ext              host", "ext              hots")
		set := good.With(Parse(Rules, []byte(rules)))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Check(Facts{})
			}
		})
	}
}

func BenchmarkEdit(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		set := manyRules(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := set.Edit(Rules, func(f *File) error { return f.SetCell(n/2, 4, "https") }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
