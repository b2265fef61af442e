package settings

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/mfwtui/mfwtui/tui/style"
)

// keysTable is the TOML table of rebindings; its entries are action names.
const keysTable = "keys"

// Parse lays what a file says over settings. The error joins all faults of the
// file; the settings are then as far as they could be read.
func Parse(file string, data []byte, s Settings) (Settings, error) {
	if err := wellFormed(file, data); err != nil {
		return s, err
	}
	r := reader{file: file, data: data, settings: s}
	r.parser.Reset(data)
	var table []string
	for r.parser.NextExpression() {
		switch e := r.parser.Expression(); e.Kind {
		case unstable.Table:
			table = r.table(e)
		case unstable.ArrayTable:
			table = nil
			r.fault(e, "[[...]] has no meaning here")
		case unstable.KeyValue:
			r.entry(table, e)
		}
	}
	// The syntax was accepted before, so that the parser has no error left.
	return r.settings, errors.Join(r.faults...)
}

// wellFormed reports a syntax error, or a key that is set twice.
func wellFormed(file string, data []byte) error {
	var any map[string]any
	err := toml.Unmarshal(data, &any)
	var syntax *toml.DecodeError
	if errors.As(err, &syntax) {
		line, _ := syntax.Position()
		return Position{file, line}.Errorf("%s", strings.TrimPrefix(syntax.Error(), "toml: "))
	}
	if err != nil { // a key that is set twice has no position
		return fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "toml: "))
	}
	return nil
}

// reader takes the settings of one file.
type reader struct {
	file     string
	data     []byte
	parser   unstable.Parser
	settings Settings
	faults   []error
}

// at is the position of the first key or value of a node.
func (r *reader) at(n *unstable.Node) Position {
	for it := n.Key(); it.Next(); {
		return Position{r.file, r.line(it.Node())}
	}
	return Position{r.file, 0}
}

func (r *reader) line(n *unstable.Node) int {
	return 1 + bytes.Count(r.data[:n.Raw.Offset], []byte("\n"))
}

func (r *reader) fault(n *unstable.Node, format string, args ...any) {
	r.faults = append(r.faults, r.at(n).Errorf(format, args...))
}

func path(n *unstable.Node) []string {
	var parts []string
	for it := n.Key(); it.Next(); {
		parts = append(parts, string(it.Node().Data))
	}
	return parts
}

// table takes the heading of a table and returns its path.
func (r *reader) table(n *unstable.Node) []string {
	parts := path(n)
	if parts[0] != keysTable {
		r.fault(n, "unknown table [%s]; there is [%s]", strings.Join(parts, "."), keysTable)
	}
	return parts
}

// entry takes one "name = value".
func (r *reader) entry(table []string, n *unstable.Node) {
	name := append(slices.Clone(table), path(n)...)
	if name[0] == keysTable && len(name) > 1 {
		r.rebind(strings.Join(name[1:], "."), n)
		return
	}
	if len(table) > 0 {
		return // the heading was refused already
	}
	known := settings()
	set, ok := known[name[0]]
	switch {
	case !ok || len(name) > 1:
		r.fault(n, "unknown setting %q; there are: %s, and the table [%s]", strings.Join(name, "."), list(slices.Sorted(maps.Keys(known))), keysTable)
	default:
		if err := set(&r.settings, n.Value()); err != nil {
			r.fault(n, "%s: %v", name[0], err)
		}
	}
}

// rebind takes the keys of an action: a string or a list of strings.
func (r *reader) rebind(action string, n *unstable.Node) {
	var keys []string
	switch v := n.Value(); v.Kind {
	case unstable.String:
		keys = []string{string(v.Data)}
	case unstable.Array:
		for it := v.Children(); it.Next(); {
			if it.Node().Kind != unstable.String {
				r.fault(n, "%s: a key is written in quotation marks", action)
				return
			}
			keys = append(keys, string(it.Node().Data))
		}
	case unstable.InlineTable:
		for it := v.Children(); it.Next(); {
			r.rebind(action+"."+strings.Join(path(it.Node()), "."), it.Node())
		}
		return
	default:
		r.fault(n, "%s: write a key such as \"x\", or a list of them", action)
		return
	}
	r.settings.Keys = append(r.settings.Keys, Rebinding{Action: action, Keys: keys, At: r.at(n)})
}

// setter puts a value where it belongs.
type setter func(*Settings, *unstable.Node) error

// settings are the settings by their names in the file.
func settings() map[string]setter {
	flag := func(to func(*Settings) *bool) setter {
		return func(s *Settings, v *unstable.Node) error {
			if v.Kind != unstable.Bool {
				return errors.New("write true or false")
			}
			*to(s) = string(v.Data) == "true"
			return nil
		}
	}
	return map[string]setter{
		"ascii":   flag(func(s *Settings) *bool { return &s.ASCII }),
		"mouse":   flag(func(s *Settings) *bool { return &s.Mouse }),
		"palette": func(s *Settings, v *unstable.Node) error { return s.Palette.Set(string(v.Data)) },
		"refresh": setRefresh,
		"units": func(s *Settings, v *unstable.Node) (err error) {
			s.Bits, err = oneOf(string(v.Data), "bytes", "bits")
			return err
		},
		"clock": func(s *Settings, v *unstable.Node) (err error) {
			s.UTC, err = oneOf(string(v.Data), "local", "utc")
			return err
		},
	}
}

// oneOf reports whether a word is the second of the two that are allowed.
func oneOf(word, first, second string) (bool, error) {
	if word != first && word != second {
		return false, fmt.Errorf("%q is not one of %s, %s", word, first, second)
	}
	return word == second, nil
}

// setRefresh takes seconds as a number, or a length of time such as "2s".
func setRefresh(s *Settings, v *unstable.Node) error {
	text := string(v.Data)
	if v.Kind == unstable.Integer {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < leastRefresh || d > mostRefresh || d%time.Second != 0 {
		return fmt.Errorf("%q is not a number of whole seconds from %v to %v, such as \"2s\"", v.Data, leastRefresh, mostRefresh)
	}
	s.Refresh = d
	return nil
}

func list(words []string) string { return strings.Join(words, ", ") }

// Palettes lists the names of the palettes, for a help text.
func Palettes() string { return list(style.Palettes()) }
