package engine

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// readStarterFacts reads lines such as
//
//	interface eth0 up default 192.0.2.10/24 2001:db8::10/64
//	interface veth1 up port
//	ssh 203.0.113.7 51022 192.0.2.10 22 by eth0
//	zone eth1 dmz
//	wide
func readStarterFacts(t *testing.T, text string) StarterFacts {
	t.Helper()
	f := StarterFacts{Zones: make(map[string]string)}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch words[0] {
		case "interface":
			i := HostInterface{Name: words[1]}
			for _, w := range words[2:] {
				switch w {
				case "up":
					i.Up = true
				case "down":
				case "default":
					i.Default = true
				case "port":
					i.Port = true
				default:
					i.Addrs = append(i.Addrs, netip.MustParsePrefix(w))
				}
			}
			f.Interfaces = append(f.Interfaces, i)
		case "ssh":
			c, err := parseSSHConnection(strings.Join(words[1:5], " "))
			if err != nil {
				t.Fatal(err)
			}
			f.Client, f.Server = c.Client, c.Server
			if len(words) == 7 {
				f.In = words[6]
			}
		case "zone":
			f.Zones[words[1]] = strings.Join(words[2:], "")
		case "wide":
			f.Wide = true
		default:
			t.Fatalf("unknown fact %q", line)
		}
	}
	return f
}

// starterResult writes what the facts come to: the rows of each table, what the
// check says, and what the compiled rules do with new SSH connections.
func starterResult(t *testing.T, f StarterFacts) []txtar.File {
	t.Helper()
	set, err := Starter(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []txtar.File
	for _, k := range []tables.Kind{tables.Addresses, tables.Services, tables.Interfaces, tables.Rules} {
		var b strings.Builder
		was := sample(k)
		for _, l := range set.File(k).Lines[len(head(k).Lines):] {
			inSample := slices.ContainsFunc(was.Lines, func(o *tables.Line) bool { return o.String() == l.String() })
			if k != tables.Services || !inSample {
				b.WriteString(l.String() + "\n")
			}
		}
		out = append(out, txtar.File{Name: k.String(), Data: []byte(b.String())})
	}
	var names []string
	for _, i := range f.Interfaces {
		names = append(names, i.Name)
	}
	cfg, problems := set.Check(tables.Facts{Interfaces: names})
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%s %s\n", p.Severity, p.Error())
	}
	out = append(out, txtar.File{Name: "problems", Data: []byte(b.String())})
	if problems.HasErrors() {
		return out
	}
	compiled, problems := compile.Compile(cfg, compile.Facts{})
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return append(out, txtar.File{Name: "new ssh connections", Data: []byte(sshVerdicts(f, compiled.Rules))})
}

// sshVerdicts says what becomes of a SYN to the server's port from the client
// and from others.
func sshVerdicts(f StarterFacts, rules *ruleset.Ruleset) string {
	if !f.SSH() {
		return ""
	}
	in := f.In
	for _, i := range f.Interfaces {
		if in == "" && slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == f.Server.Addr() }) {
			in = i.Name
		}
	}
	here := func(netip.Addr) (bool, string) { return true, "" }
	var b strings.Builder
	stranger := netip.MustParseAddr("198.51.100.250")
	if f.Client.Addr().Is6() {
		stranger = netip.MustParseAddr("2001:db8:bad::1")
	}
	for _, who := range []netip.Addr{f.Client.Addr(), f.Client.Addr().Next(), stranger} {
		p := ruleset.Packet{In: in, Src: who, Dst: f.Server.Addr(), Proto: ruleset.TCP, SrcPort: 40000, DstPort: f.Server.Port(), TCPFlags: tcpSYN}
		fmt.Fprintf(&b, "%s %s\n", who, rules.Trace(p, here).Outcome)
	}
	return b.String()
}

func TestStarter(t *testing.T) {
	paths, err := filepath.Glob("testdata/starter/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := starterResult(t, readStarterFacts(t, string(a.Files[0].Data)))
			text := txtar.Format(&txtar.Archive{Comment: a.Comment, Files: append(a.Files[:1:1], got...)})
			if *update {
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := txtar.Format(a); string(text) != string(want) {
				t.Errorf("got\n%s\nwant\n%s", text, want)
			}
		})
	}
}

// The session is what must survive, so it is asked of every case at once.
func TestStarterNeverLocksTheSessionOut(t *testing.T) {
	paths, _ := filepath.Glob("testdata/starter/*.txtar")
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := readStarterFacts(t, string(a.Files[0].Data))
		if !f.SSH() || f.ClientZone() == "" {
			continue
		}
		set, err := Starter(f)
		if err != nil {
			t.Fatal(err)
		}
		cfg, problems := set.Check(tables.Facts{})
		if problems.HasErrors() {
			t.Fatalf("%s: %v", path, problems)
		}
		compiled, _ := compile.Compile(cfg, compile.Facts{})
		first, _, _ := strings.Cut(sshVerdicts(f, compiled.Rules), "\n")
		if !strings.HasSuffix(first, string(ruleset.Accepted)) {
			t.Errorf("%s: %s", path, first)
		}
	}
}

func TestStarterRefusesAZoneThatNoTableHolds(t *testing.T) {
	f := readStarterFacts(t, "interface eth0 up default 192.0.2.10/24\n")
	f.Zones["eth0"] = "#x"
	if _, err := Starter(f); err == nil {
		t.Error("a zone that makes its rows comments was taken")
	}
}

func TestStarterLeavesOutAnInterfaceThatNoTableHolds(t *testing.T) {
	f := readStarterFacts(t, "interface #e up 192.0.2.10/24\ninterface e\"h up\ninterface eth0 up default\n")
	set, err := Starter(f)
	if err != nil {
		t.Fatal(err)
	}
	if n := set.File(tables.Interfaces).Rows(); n != 1 {
		t.Errorf("%d interfaces, want 1", n)
	}
}
