package compile

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"

	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// names gives each object one name of its own in a name space of the kernel.
// The zero value is ready to use.
type names struct {
	owner map[string]string // name -> key of the object that has it
	given map[string]string // key -> name
}

// tailLen is the length of the hash tail of a name that had to be changed.
const tailLen = 7

// fit returns the name of the object with this key: the wanted one, or a
// shortened one with a hash tail when the wanted one is too long or belongs to
// another object ("a_to_b" is a zone name too). The same key gets the same
// name again; fresh reports whether it is the first time.
func (n *names) fit(key, wanted string, limit int) (name string, fresh bool) {
	if name, ok := n.given[key]; ok {
		return name, false
	}
	if n.owner == nil {
		n.owner, n.given = map[string]string{}, map[string]string{}
	}
	name = wanted
	for try := 0; len(name) > limit || n.owner[name] != ""; try++ {
		tail := "~" + digest(key, strconv.Itoa(try))[:tailLen-1]
		name = ruleset.CutName(wanted, limit-tailLen) + tail
	}
	n.owner[name], n.given[key] = key, name
	return name, true
}

// digest is a hash over words in hexadecimal; it tells ("ab", "c") from ("a",
// "bc").
func digest(words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return hex.EncodeToString(sum[:])
}

// rowIDs are the ids of the table rows and of the built-in parts.
type rowIDs struct {
	rows       map[string]RowRef
	rules      []string // by index in Config.Rules
	virtuals   []string
	interfaces []string
}

// idLen is the length of the id of a row, in hexadecimal digits. Ids are told
// apart when two rows have the same hash, so 32 bits are enough.
const idLen = 8

// nameRows gives each row an id that depends on its cells and not on its line,
// so that an inserted row leaves the ids of the others alone. The n-th row with
// the same cells has its own.
func nameRows(cfg *tables.Config) *rowIDs {
	ids := &rowIDs{rows: make(map[string]RowRef)}
	seen := make(map[string]int)
	for _, i := range cfg.Interfaces {
		words := []string{i.Name, i.Zone}
		for _, p := range i.Protocols {
			words = append(words, p.Text)
		}
		ids.interfaces = append(ids.interfaces, ids.row(seen, i.Row, words...))
	}
	for _, r := range cfg.Rules {
		ids.rules = append(ids.rules, ids.row(seen, r.Row,
			r.SrcZone, r.DstZone, r.Src.Text, r.Dst.Text, r.Service, r.Action.String()))
	}
	for _, v := range cfg.Virtuals {
		ids.virtuals = append(ids.virtuals, ids.row(seen, v.Row,
			v.SrcZone, v.ExtAddr, v.IntAddr, v.ExtService, v.IntService))
	}
	return ids
}

// row makes the id of one row.
func (ids *rowIDs) row(seen map[string]int, row tables.Row, cells ...string) string {
	key := row.Kind.String() + "\x00" + strings.Join(cells, "\x00")
	for {
		n := seen[key]
		seen[key]++
		id := digest(key, strconv.Itoa(n))[:idLen]
		if _, taken := ids.rows[id]; !taken {
			ids.rows[id] = RowRef{Kind: row.Kind, Line: row.Num}
			return id
		}
	}
}

// logOf notes the rule that logs for the row with this id, and returns the id
// of the former.
func (ids *rowIDs) logOf(id string) string {
	ref := ids.rows[id]
	ref.Name = "log"
	ids.rows[logPrefix+id] = ref
	return logPrefix + id
}

// builtIn notes a part of the ruleset that comes from no row, and returns its
// id: the name, or a hash of one that a comment cannot hold, as an interface may
// have it.
func (ids *rowIDs) builtIn(name string) string {
	id := name
	if strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) {
		id = "part-" + digest(name)[:idLen]
	}
	ids.rows[id] = RowRef{Name: name}
	return id
}

// iface is the match of an interface name; "+" alone matches any, and the
// tools leave it out.
func iface(name string) ruleset.Iface {
	if name == "+" {
		return ruleset.Iface{}
	}
	return ruleset.Iface{Name: name}
}

// overlap reports whether some interface could have both names, each of which
// may be a wildcard.
func overlap(a, b string) bool {
	a, wildA := strings.CutSuffix(a, "+")
	b, wildB := strings.CutSuffix(b, "+")
	switch {
	case wildA && wildB:
		return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
	case wildA:
		return strings.HasPrefix(b, a)
	case wildB:
		return strings.HasPrefix(a, b)
	}
	return a == b
}
