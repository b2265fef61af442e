package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// forbidden lists the arrows that must not exist, direct or through other
// packages where deep is set, each with its reason.
var forbidden = []struct {
	from, to string // a package and everything below it
	deep     bool
	why      string
}{
	{"tables", "os/exec", true, "tables is pure: it decides, others do"},
	{"engine/ruleset", "os/exec", true, "ruleset is pure"},
	{"engine/compile", "os/exec", true, "compile is pure"},
	{"engine/plan", "os/exec", true, "plan is pure"},
	{"engine/reach", "os/exec", true, "reach is pure"},
	{"engine/reach", "engine/compile", true, "sets of packets are of rulesets, wherever they come from"},
	{"engine/reach", "engine/host", true, "host facts come in as values"},
	{"tables", "engine", true, "the tables know nothing of the kernel"},
	{"engine/ruleset", "tables", true, "the kernel vocabulary knows nothing of the tables"},
	{"engine/plan", "engine/compile", true, "a plan compares rulesets, wherever they come from"},
	{"engine/plan", "engine/host", true, "plan decides, host does"},
	{"engine/compile", "engine/host", true, "host facts come in as values"},
	{"engine/apply", "engine/compile", true, "a transaction is given its target"},
	{"engine/apply", "engine/docker", true, "a transaction, and a boot, never wait for Docker"},
	{"engine/docker", "engine/host", true, "the engine is asked at its socket and nowhere else"},
	{"engine/docker", "tables", true, "what the engine runs has nothing to do with the tables"},
	{"tui", "engine/host", false, "the console sees the facade only"},
	{"tui", "engine/apply", false, "the console sees the facade only"},
	{"tui", "engine/live", false, "the console sees the facade only"},
	{"tui", "engine/docker", false, "the console sees the facade only"},
	{"tui", "engine/compile", false, "the console sees the facade only"},
	{"tui/plain", "tui/style", false, "the plain mode has neither colour nor signs"},
	{"tui/page", "tui/plain", true, "a screen knows nothing of the plain mode"},
	{"tui/plain", "tui/page", true, "the plain mode has no screens"},
	{"tui/desk", "tui/page", true, "what screens and lines share knows no screen"},
	{"tui/desk", "tui/find", true, "the tables being edited know no list of them"},
	{"tui/find", "tui/page", true, "what a filter finds is the same without a screen"},
	{"tui/words", "tui/desk", true, "words are about values of the engine, whoever holds them"},
	{"tui/words", "tui/page", true, "words are said without a screen, too"},
	{"tui/widget", "engine", false, "a widget renders values, whatever they mean"},
	{"tui/widget", "tables", false, "a widget renders values, whatever they mean"},
	{"tui/query", "engine", true, "the filter language knows no list"},
	{"tui/query", "tables", true, "the filter language knows no list"},
	{"tui/query", "tui/widget", true, "the filter language is pure"},
	{"engine", "tui", true, "nobody but the command imports the console"},
	{"tables", "tui", true, "nobody but the command imports the console"},
}

const module = "github.com/mfwtui/mfwtui/"

func TestForbiddenArrowsDoNotExist(t *testing.T) {
	for _, p := range listPackages(t) {
		from, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue
		}
		for _, f := range forbidden {
			if !below(from, f.from) {
				continue
			}
			reached := p.Imports
			if f.deep {
				reached = p.Deps
			}
			for _, to := range reached {
				name := strings.TrimPrefix(to, module)
				if below(name, f.to) && !below(name, f.from) {
					t.Errorf("%s must not reach %s: %s", from, name, f.why)
				}
			}
		}
	}
}

// below reports whether a package is the named one or in a folder below it.
func below(name, root string) bool { return name == root || strings.HasPrefix(name, root+"/") }

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages; the test would prove nothing", len(all))
	}
	return all
}
