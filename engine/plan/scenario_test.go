package plan_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected sections of testdata")

// TestScenarios reads archives with a live ruleset and a wanted one (sections
// live.v4, live.v6, live.sets, want.v4, want.v6, want.sets, and own, the
// record) and compares what the package makes of them with the other sections:
// diff, stage, confirm (after the trial was staged and its gate held open),
// load (without a trial), teardown and counts. A section with an error holds
// its text.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := newScenario(t, ar)
			for i, f := range ar.Files {
				got, isResult := s.result(t, f.Name)
				if !isResult {
					continue
				}
				if *update {
					ar.Files[i].Data = []byte(got)
				} else if diff := cmp.Diff(string(f.Data), got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", f.Name, diff)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

type scenario struct {
	live *ruleset.Ruleset
	want plan.Target
	own  plan.Ownership
}

func newScenario(t *testing.T, ar *txtar.Archive) scenario {
	t.Helper()
	in := map[string]string{}
	for _, f := range ar.Files {
		in[f.Name] = string(f.Data)
	}
	s := scenario{
		live: parse(t, in["live.v4"], in["live.v6"], in["live.sets"]),
		want: target(parse(t, in["want.v4"], in["want.v6"], in["want.sets"])),
	}
	for line := range strings.Lines(in["own"]) {
		line = strings.TrimSpace(line)
		if set, ok := strings.CutPrefix(line, "set "); ok {
			s.own.Sets = append(s.own.Sets, set)
		} else {
			s.own.Chains = append(s.own.Chains, line)
		}
	}
	return s
}

// result makes a section; false when the name is one of the inputs.
func (s scenario) result(t *testing.T, section string) (string, bool) {
	t.Helper()
	switch section {
	case "diff":
		return plan.Compare(s.live, s.want, s.own).Unified(), true
	case "counts":
		return fmt.Sprintln(plan.Compare(s.live, s.want, s.own).Summary()), true
	case "stage":
		return stepsText(plan.Stage(s.live, s.want, s.own, bit)), true
	case "load":
		return stepsText(plan.Confirm(s.live, s.want, s.own)), true
	case "teardown":
		return stepsText(plan.Teardown(s.live, s.own)), true
	case "confirm":
		k := fakeWith(t, s.live)
		load(t, k, must(t)(plan.Stage(s.live, s.want, s.own, bit)))
		flip(t, k)
		return stepsText(plan.Confirm(read(t, k), s.want, s.own)), true
	}
	return "", false
}

func stepsText(steps plan.Steps, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for i, p := range steps {
		for _, part := range []struct{ name, text string }{{"sets", p.Sets}, {"v4", p.V4}, {"v6", p.V6}} {
			if part.text != "" {
				fmt.Fprintf(&b, "# step %d, %s\n%s", i+1, part.name, part.text)
			}
		}
	}
	return b.String()
}
