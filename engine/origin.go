package engine

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// asnName is the file of the state directory that knows networks.
const asnName = "asn.mmdb"

// originLimit is how large a file may be that is kept in memory: those of
// countries and networks have ten million bytes.
const originLimit = 256 << 20

// maxOrg is how much of the name of an organisation is kept, in bytes.
const maxOrg = 80

// originData looks addresses up in local files. They are read when they are first
// asked for, and again when they change.
type originData struct {
	mu      sync.Mutex
	country originFile
	asn     originFile
	ranges  countryRanges // of a country file that is CSV
}

// originFile is a MaxMind DB in memory: a mapped file that somebody cuts short
// would end this process.
type originFile struct {
	path string
	was  fileState
	db   *maxminddb.Reader
	err  error
}

type fileState struct {
	size  int64
	mtime time.Time
}

// tell adds what files know about addresses, asn being the one of networks, and
// notes what they do not.
func (o *originData) tell(geo *geoData, asn string, addrs []netip.Addr, facts map[netip.Addr]AddressFact) (notes []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	country, countryErr := o.countries(geo)
	networks, asnErr := o.asn.open(asn)
	for _, a := range addrs {
		fact, before := facts[a], facts[a]
		if country != nil {
			fact.Country = country(a)
		}
		if networks != nil {
			fact.ASN, fact.Org = network(networks, a)
		}
		if fact != before {
			facts[a] = fact
		}
	}
	for _, err := range []error{countryErr, asnErr} {
		if err != nil {
			notes = append(notes, err.Error())
		}
	}
	return notes
}

// countries finds the country file and returns what looks an address up; nil
// when there is none.
func (o *originData) countries(geo *geoData) (func(netip.Addr) string, error) {
	path, _, err := geo.find()
	switch {
	case err != nil:
		return nil, err
	case path == "":
		return nil, fmt.Errorf("no country file: neither %s in %s", strings.Join(geoNames[:], " nor "), geo.state)
	case !strings.EqualFold(filepath.Ext(path), ".mmdb"):
		all, err := geo.load()
		if err != nil {
			return nil, err
		}
		return o.ranges.of(all, geo).find, nil
	}
	db, err := o.country.open(path)
	if db == nil {
		return nil, err
	}
	return func(a netip.Addr) (code string) {
		if db.Lookup(a).DecodePath(&code, "country", "iso_code") != nil || !isCountryCode(code) {
			return ""
		}
		return code
	}, nil
}

// open returns the file in memory, read again when it changed; nil and why when
// it cannot be used.
func (f *originFile) open(path string) (*maxminddb.Reader, error) {
	info, err := os.Stat(path)
	if err != nil {
		*f = originFile{}
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("no file %s", path)
		}
		return nil, fmt.Errorf("look at %s: %w", path, err)
	}
	now := fileState{info.Size(), info.ModTime()}
	if path != f.path || now != f.was {
		*f = originFile{path: path, was: now}
		f.db, f.err = readOrigins(path)
	}
	return f.db, f.err
}

func readOrigins(path string) (*maxminddb.Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open address data: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, originLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read address data: %w", err)
	}
	if len(text) > originLimit {
		return nil, fmt.Errorf("read address data %s: larger than %d MB", path, originLimit>>20)
	}
	db, err := maxminddb.OpenBytes(text)
	if err != nil {
		return nil, fmt.Errorf("read address data %s: %w", path, err)
	}
	return db, nil
}

// network is the network that an address is routed to, and whose it is; zero
// when it is not known.
func network(db *maxminddb.Reader, a netip.Addr) (uint32, string) {
	var record struct {
		Number       uint32 `maxminddb:"autonomous_system_number"`
		Organisation string `maxminddb:"autonomous_system_organization"`
	}
	if db.Lookup(a).Decode(&record) != nil {
		return 0, ""
	}
	return record.Number, plainText(record.Organisation, maxOrg)
}

// plainText is a text without control characters, cut at a length in bytes.
func plainText(text string, limit int) string {
	text = strings.ToValidUTF8(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, text), "")
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "")
	}
	return strings.TrimSpace(text)
}

// isCountryCode takes what stands for no country too, such as A1 for proxies.
func isCountryCode(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && (code[1] >= 'A' && code[1] <= 'Z' || code[1] >= '0' && code[1] <= '9')
}

// countryRanges are the networks of every country, in the order of their
// addresses, so that they can be searched.
type countryRanges struct {
	was  time.Time // of the file
	from string
	list []countryRange
}

type countryRange struct {
	network netip.Prefix
	code    string
}

// of returns the ranges of country data, made again when the file changed.
func (r *countryRanges) of(all map[string][]netip.Prefix, geo *geoData) *countryRanges {
	geo.mu.Lock()
	from, was := geo.from, geo.mtime
	geo.mu.Unlock()
	if from == r.from && was.Equal(r.was) {
		return r
	}
	*r = countryRanges{was: was, from: from}
	for code, networks := range all {
		for _, n := range networks {
			r.list = append(r.list, countryRange{n, code})
		}
	}
	slices.SortFunc(r.list, func(a, b countryRange) int { return a.network.Addr().Compare(b.network.Addr()) })
	return r
}

// find is the country of an address, empty when it is not known.
func (r *countryRanges) find(a netip.Addr) string {
	at, found := slices.BinarySearchFunc(r.list, a, func(c countryRange, a netip.Addr) int { return c.network.Addr().Compare(a) })
	if !found {
		at--
	}
	if at < 0 || !r.list[at].network.Contains(a) || !isCountryCode(r.list[at].code) {
		return ""
	}
	return r.list[at].code
}
