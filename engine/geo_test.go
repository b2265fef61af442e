package engine

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

func TestCountryCSVRangesBecomeNetworks(t *testing.T) {
	all, err := readCountryCSV(strings.NewReader(`"203.0.113.0","203.0.113.255","DE"
2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,de
192.0.2.1,192.0.2.2,AT
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"DE": "203.0.113.0/24 2001:db8::/48", "AT": "192.0.2.1/32 192.0.2.2/32"}
	for code, text := range want {
		if got := words(all[code]); got != text {
			t.Errorf("%s: %s, want %s", code, got, text)
		}
	}
}

func words(list []netip.Prefix) string {
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	return strings.Join(out, " ")
}

func TestBadCountryCSVNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1,192.0.2.2,AT\n192.0.2.9,DE\n": "line 2",
		"192.0.2.9,192.0.2.1,AT\n":               "not a range",
		"192.0.2.9,2001:db8::1,AT\n":             "not a range",
		"x,y,AT\n":                               "not a range",
	} {
		if _, err := readCountryCSV(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestCountryDataIsFoundInTheStateDirectoryAndReadAgainWhenItChanges(t *testing.T) {
	state := t.TempDir()
	g := geoData{state: state}
	if all, err := g.load(); all != nil || err != nil {
		t.Fatalf("without a file: %v, %v", all, err)
	}
	path := filepath.Join(state, "country.csv")
	write(t, path, "192.0.2.0,192.0.2.255,AT\n")
	all, err := g.load()
	if err != nil || words(all["AT"]) != "192.0.2.0/24" {
		t.Fatalf("%v, %v", all, err)
	}
	g.mtime = g.mtime.Add(-1) // as if the file were newer than what was read
	write(t, path, "192.0.2.0,192.0.2.255,CH\n")
	if all, _ := g.load(); slices.Contains(keys(all), "AT") {
		t.Errorf("still the old data: %v", all)
	}
}

func keys(m map[string][]netip.Prefix) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	return list
}

func TestCountryMMDBIsReadByNetwork(t *testing.T) {
	db, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Country", RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, code := range map[string]string{"203.0.113.0/24": "DE", "2001:db8:1::/48": "DE", "192.0.2.0/25": "AT"} {
		_, n, _ := net.ParseCIDR(network)
		if err := db.Insert(n, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code)}}); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "country.mmdb")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	g := geoData{path: path}
	all, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{"DE": "203.0.113.0/24 2001:db8:1::/48", "AT": "192.0.2.0/25"} {
		if got := words(all[code]); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}
