package engine_test

import (
	"os"
	"testing"

	"github.com/mfwtui/mfwtui/tables"
)

// The MicroFW scenarios M43 and M45 to M47: what a check of the tables says,
// with file, line and column.

// checked is a table in the place of the shared one, and what is said about it.
type checked struct {
	kind     tables.Kind
	text     string
	errors   []string
	warnings []string
}

func (c checked) run(t *testing.T) {
	t.Helper()
	s := siteAt(t, t.TempDir(), "")
	s.must(os.Mkdir(s.config.Dir, 0o755))
	s.tables(map[tables.Kind]string{c.kind: c.text})
	_, problems := s.check()
	told(t, problems, tables.Error, c.errors...)
	told(t, problems, tables.Warning, c.warnings...)
	if len(c.errors) == 0 && problems.HasErrors() {
		t.Errorf("an error where MicroFW has none: %v", problems)
	}
}

// MicroFW would let everybody in.
func TestM43(t *testing.T) {
	checked{kind: tables.Rules, text: "ext FW GEO: ALL ssh accept\n", errors: []string{"rules:1:8: GEO: has an empty country list"}}.run(t)
}

func TestM45(t *testing.T) {
	for name, c := range map[string]checked{
		"indented comment": {
			kind: tables.Interfaces, text: "eth0 ext -\neth1 int -\n  # two -\n",
			warnings: []string{"interfaces:3:3: looks like an indented comment; it declares interface '#'"},
		},
		"trailing comment": {
			kind: tables.Rules, text: "ext FW ALL ALL ssh accept # why\n",
			errors: []string{"rules:1:27: found '#' as column 7; comments must be on their own line"},
		},
		"lines that end in CR LF": {
			kind: tables.Rules, text: "ext FW ALL ALL ssh accept\r\nint FW ALL ALL ssh accept\r\n",
		},
		"no-break space": {
			kind: tables.Rules, text: "ext\u00a0FW ALL ALL ssh accept\n",
			warnings: []string{"rules:1:4: U+00A0 (no-break space)"},
		},
		"byte-order mark": {
			kind: tables.Rules, text: "\ufeff# a comment\next FW ALL ALL ssh accept\n",
			warnings: []string{"rules: starts with a byte-order mark"},
		},
	} {
		t.Run(name, c.run)
	}
}

func TestM46(t *testing.T) {
	for name, c := range map[string]checked{
		"duplicate interface": {
			kind: tables.Interfaces, text: "eth0 ext -\neth1 int -\neth0 int -\n",
			errors: []string{"interfaces:3:1: "},
		},
		"too few columns": {
			kind: tables.Rules, text: "ext FW ALL ALL ssh\n",
			errors: []string{"rules:1:"},
		},
		"too many columns": {
			kind: tables.Services, text: "ssh 22 - -\n",
			errors: []string{"services:1:10: "},
		},
		"action in capitals": {
			kind: tables.Rules, text: "ext FW ALL ALL ssh ACCEPT\n",
			errors: []string{"rules:1:20: "},
		},
		"one service is ALL": {
			kind: tables.Virtuals, text: "ext E nas ALL http\n",
			errors: []string{"virtuals:1:15: when one service is ALL, the other must also be ALL"},
		},
	} {
		t.Run(name, c.run)
	}
}

// MicroFW loads it, and the rule never matches.
func TestM47(t *testing.T) {
	checked{
		kind: tables.Addresses, text: sharedAddresses + "bad 300.1.1.1 -\n",
		errors: []string{"addresses:10:5: '300.1.1.1' is not an IPv4 address"},
	}.run(t)
}
