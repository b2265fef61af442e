package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// database is a MaxMind DB in memory.
func database(t *testing.T, kind string, records map[string]mmdbtype.Map) string {
	t.Helper()
	db, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range records {
		_, n, _ := net.ParseCIDR(network)
		if err := db.Insert(n, record); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := db.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func countries(t *testing.T, codes map[string]string) string {
	records := make(map[string]mmdbtype.Map)
	for network, code := range codes {
		records[network] = mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code)}}
	}
	return database(t, "Country", records)
}

func networks(t *testing.T, org string) string {
	return database(t, "ASN", map[string]mmdbtype.Map{
		"203.0.113.0/24": {"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String(org)},
		"2001:db8::/32":  {"autonomous_system_number": mmdbtype.Uint32(64501)},
		"192.0.2.0/24":   {"autonomous_system_number": mmdbtype.String("not a number")},
	})
}

var originAddrs = []netip.Addr{
	netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("203.0.113.200"), netip.MustParseAddr("192.0.2.1"),
	netip.MustParseAddr("2001:db8::9"), netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::1"), {},
}

// wordsOf is what is known about the addresses, in their order.
func wordsOf(facts AddressFacts) (list []string) {
	for _, a := range originAddrs {
		if f, ok := facts.ByAddr[a]; ok {
			list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %d %s", a, f.Country, f.ASN, f.Org)))
		}
	}
	return list
}

func TestOriginsComeFromFilesOfTheStateDirectory(t *testing.T) {
	state := t.TempDir()
	e := New(Config{State: state})
	want := AddressWant{Origins: true}
	tell := func(addresses, notes []string) {
		t.Helper()
		facts := e.TellAddresses(t.Context(), originAddrs, want)
		if diff := cmp.Diff(addresses, wordsOf(facts), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("want, got:\n%s", diff)
		}
		got := strings.ReplaceAll(strings.Join(facts.Notes, "\n"), state, "STATE")
		if diff := cmp.Diff(strings.Join(notes, "\n"), got); diff != "" {
			t.Errorf("notes: want, got:\n%s", diff)
		}
	}
	noCountry, noNetworks := "no country file: neither country.mmdb nor country.csv in STATE", "no file STATE/asn.mmdb"
	tell(nil, []string{noCountry, noNetworks})

	write(t, filepath.Join(state, "asn.mmdb"), networks(t, "Example \x1b[31mISP"+strings.Repeat("x", 200)))
	isp := "Example [31mISP" + strings.Repeat("x", maxOrg-15)
	tell([]string{"203.0.113.9  64500 " + isp, "203.0.113.200  64500 " + isp, "2001:db8::9  64501"}, []string{noCountry})

	write(t, filepath.Join(state, "country.csv"), "203.0.113.0,203.0.113.127,DE\n2001:db8::,2001:db8::ff,at\n10.0.0.2,10.0.0.9,CH\n192.0.2.0,192.0.2.9,\x1b[3\n")
	write(t, filepath.Join(state, "asn.mmdb"), networks(t, "Example"))
	tell([]string{"203.0.113.9 DE 64500 Example", "203.0.113.200  64500 Example", "2001:db8::9 AT 64501"}, nil)

	write(t, filepath.Join(state, "country.mmdb"), countries(t, map[string]string{"203.0.113.0/24": "FR", "192.0.2.0/24": "\x1b]"}))
	tell([]string{"203.0.113.9 FR 64500 Example", "203.0.113.200 FR 64500 Example", "2001:db8::9  64501"}, nil)

	write(t, filepath.Join(state, "asn.mmdb"), "no database")
	facts := e.TellAddresses(t.Context(), originAddrs, want)
	if got := wordsOf(facts); len(got) != 2 || len(facts.Notes) != 1 || !strings.Contains(facts.Notes[0], "asn.mmdb") {
		t.Errorf("with a file that is no database: %q, %q", got, facts.Notes)
	}

	if facts := e.TellAddresses(t.Context(), originAddrs, AddressWant{}); len(facts.ByAddr)+len(facts.Notes) != 0 {
		t.Errorf("nobody asked, and is told %+v", facts)
	}
}

// A damaged file makes no harm: neither a wrong code nor a panic.
func TestADamagedFileDoesNoHarm(t *testing.T) {
	state := t.TempDir()
	whole := countries(t, map[string]string{"203.0.113.0/24": "FR", "2001:db8::/32": "DE"})
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		damaged := []byte(whole)
		for range 1 + r.IntN(8) {
			damaged[r.IntN(len(damaged))] = byte(r.IntN(256))
		}
		damaged = damaged[:len(damaged)-r.IntN(2)*r.IntN(len(damaged))]
		write(t, filepath.Join(state, "country.mmdb"), string(damaged))
		write(t, filepath.Join(state, "asn.mmdb"), string(damaged))
		e := New(Config{State: state})
		for a, fact := range e.TellAddresses(t.Context(), originAddrs, AddressWant{Origins: true}).ByAddr {
			if fact.Country != "" && !isCountryCode(fact.Country) {
				t.Errorf("%s: country %q", a, fact.Country)
			}
		}
	}
}
