package compile

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/tables"
)

func TestOverlapOfInterfaceNames(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"eth0", "eth0", true},
		{"eth0", "eth1", false},
		{"eth0", "eth01", false},
		{"eth+", "eth0", true},
		{"eth+", "eth", true},
		{"eth+", "et", false},
		{"eth0+", "eth+", true},
		{"eth0+", "eth1+", false},
		{"+", "lo", true},
		{"+", "eth+", true},
	} {
		if got := overlap(c.a, c.b); got != c.want {
			t.Errorf("overlap(%q, %q) = %t", c.a, c.b, got)
		}
		if got := overlap(c.b, c.a); got != c.want {
			t.Errorf("overlap(%q, %q) = %t", c.b, c.a, got)
		}
	}
}

func TestNamesFitAndAreNeverShared(t *testing.T) {
	var n names
	plain, fresh := n.fit("first", "web", 10)
	if plain != "web" || !fresh {
		t.Errorf("a name that fits became %q, fresh %t", plain, fresh)
	}
	if again, fresh := n.fit("first", "web", 10); again != plain || fresh {
		t.Errorf("the same object became %q, fresh %t", again, fresh)
	}
	taken, _ := n.fit("second", "web", 10)
	long, _ := n.fit("third", "a-very-long-name", 10)
	other, _ := n.fit("fourth", "a-very-long-name", 10)
	for _, name := range []string{taken, long, other} {
		if len(name) > 10 || !regexp.MustCompile(`^[a-z-]+~[0-9a-f]{6}$`).MatchString(name) {
			t.Errorf("%q is not a shortened name of at most 10 bytes", name)
		}
	}
	if long == other || !strings.HasPrefix(long, "a-v") {
		t.Errorf("two long names became %q and %q", long, other)
	}
}

// ids compiles rules of zone ext with these services and returns the id of each
// row.
func ids(services ...string) []string {
	cfg := &tables.Config{}
	for i, s := range services {
		cfg.Rules = append(cfg.Rules, tables.Rule{
			Row:     tables.Row{Kind: tables.Rules, Num: i + 1},
			SrcZone: "ext", DstZone: tables.FW, Src: tables.AddrRef{Text: tables.All, Any: true},
			Dst: tables.AddrRef{Text: tables.All, Any: true}, Service: s,
		})
	}
	return nameRows(cfg).rules
}

func TestRowIDsAreTheCellsAndNotTheLine(t *testing.T) {
	before := ids("ssh", "http", "ssh")
	after := ids("dns", "ssh", "http", "ssh")
	for i, id := range before {
		if !regexp.MustCompile(`^[0-9a-f]{8}$`).MatchString(id) {
			t.Errorf("id %q is not eight hexadecimal digits", id)
		}
		if after[i+1] != id {
			t.Errorf("row %d had id %s and has %s after an insert", i+1, id, after[i+1])
		}
	}
	if before[0] == before[2] {
		t.Errorf("two equal rows share the id %s", before[0])
	}
}

func TestRowIDsOfTenThousandRowsAreDistinct(t *testing.T) {
	services := make([]string, 10_000)
	for i := range services {
		services[i] = strings.Repeat("s", 1+i%7) + string(rune('a'+i%26))
	}
	seen := make(map[string]bool)
	for _, id := range ids(services...) {
		if seen[id] {
			t.Fatalf("id %s is given twice", id)
		}
		seen[id] = true
	}
}
