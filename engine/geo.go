package engine

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// geoNames are the files that are looked for in the state directory when
// --geo names none, in this order.
var geoNames = [...]string{"country.mmdb", "country.csv"}

// geoData reads country networks from a local file and keeps them until the
// file changes.
type geoData struct {
	path  string // named by the user; empty: look in state
	state string

	mu    sync.Mutex
	from  string
	mtime time.Time
	all   map[string][]netip.Prefix
	err   error
}

// load returns the networks of every country; nil without a file. The map is
// shared and must not be changed.
func (g *geoData) load() (map[string][]netip.Prefix, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	path, st, err := g.find()
	if err != nil || path == "" {
		return nil, err
	}
	if path != g.from || !st.ModTime().Equal(g.mtime) {
		g.from, g.mtime = path, st.ModTime()
		g.all, g.err = readCountries(path)
	}
	return g.all, g.err
}

func (g *geoData) find() (string, os.FileInfo, error) {
	if g.path != "" {
		st, err := os.Stat(g.path)
		if err != nil {
			return "", nil, fmt.Errorf("country data: %w", err)
		}
		return g.path, st, nil
	}
	for _, name := range geoNames {
		path := filepath.Join(g.state, name)
		if st, err := os.Stat(path); err == nil {
			return path, st, nil
		}
	}
	return "", nil, nil
}

// readCountries reads a country file: MMDB when the name says so, otherwise
// CSV.
func readCountries(path string) (map[string][]netip.Prefix, error) {
	if strings.EqualFold(filepath.Ext(path), ".mmdb") {
		return readCountryMMDB(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("country data: %w", err)
	}
	defer f.Close()
	all, err := readCountryCSV(f)
	if err != nil {
		return nil, fmt.Errorf("country data %s: %w", path, err)
	}
	return all, nil
}

// readCountryCSV reads lines of start address, end address, code; both
// families may be mixed.
func readCountryCSV(r io.Reader) (map[string][]netip.Prefix, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	in.Comment = '#'
	all := make(map[string][]netip.Prefix)
	for {
		rec, err := in.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		if len(rec) < 3 {
			return nil, fmt.Errorf("line %d: %d fields; each line is start address, end address, country code", line, len(rec))
		}
		from, errFrom := netip.ParseAddr(strings.TrimSpace(rec[0]))
		to, errTo := netip.ParseAddr(strings.TrimSpace(rec[1]))
		if errFrom != nil || errTo != nil || from.Is4() != to.Is4() || to.Less(from) {
			return nil, fmt.Errorf("line %d: %q to %q is not a range of addresses", line, rec[0], rec[1])
		}
		code := strings.ToUpper(strings.TrimSpace(rec[2]))
		all[code] = append(all[code], ruleset.PrefixesOf(from, to)...)
	}
}

// readCountryMMDB reads the country.iso_code of every network of a MaxMind DB
// file.
func readCountryMMDB(path string) (map[string][]netip.Prefix, error) {
	db, err := maxminddb.Open(path)
	if err != nil {
		return nil, fmt.Errorf("country data: %w", err)
	}
	defer db.Close()
	all := make(map[string][]netip.Prefix)
	for network := range db.Networks() {
		var code string
		if err := network.DecodePath(&code, "country", "iso_code"); err != nil {
			return nil, fmt.Errorf("country data %s: %w", path, err)
		}
		if code != "" {
			all[code] = append(all[code], network.Prefix().Masked())
		}
	}
	return all, nil
}
