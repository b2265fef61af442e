package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine"
)

// examples are the commands of the README's section on JSON, with what each of
// the examples behind it stands for, in their order.
var examples = map[string][]any{
	"check":           {[]problemJSON{}},
	"counters":        {countersJSON{}},
	"denied":          {deniedJSON{}},
	"diff":            {diffJSON{}},
	"diff --policy":   {policyJSON{}},
	"docker":          {dockerJSON{}},
	"doctor":          {[]findingJSON{}},
	"explain":         {engine.ExplainRecord{}},
	"explain --trace": {engine.TraceRecord{}},
	"flows":           {flowsJSON{}},
	"history":         {[]pastJSON{}},
	"impact":          {impactJSON{}},
	"status":          {statusJSON{}, pendingJSON{}},

	"explain --both --why-not rules:12": {engine.BothRecord{}, engine.WhyNotRecord{}},
	"flows --names --origin":            {map[netip.Addr]addressJSON{}},
}

var (
	jsonRow  = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (.*) \\|$")
	jsonSpan = regexp.MustCompile("`([\\[{][^`]*[\\]}])`")
)

func TestTheJSONOfTheReadmeIsWhatTheCommandsPrint(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## JSON\n")
	section, _, ends := strings.Cut(section, "\n## ")
	if !found || !ends {
		t.Fatal("the README has no section on JSON")
	}
	seen := make(map[string]bool)
	for _, row := range jsonRow.FindAllStringSubmatch(section, -1) {
		command, spans := row[1], jsonSpan.FindAllStringSubmatch(row[2], -1)
		if strings.Contains(row[2], "see [Docker]") {
			_, docker, _ := strings.Cut(string(text), "\n## Docker\n")
			spans = jsonSpan.FindAllStringSubmatch(docker, 1)
		}
		seen[command] = true
		t.Run(command, func(t *testing.T) {
			if len(spans) != len(examples[command]) || len(spans) == 0 {
				t.Fatalf("%d examples, want %d", len(spans), len(examples[command]))
			}
			for i, span := range spans {
				for _, wrong := range exampleOf(span[1], examples[command][i]) {
					t.Error(wrong)
				}
			}
		})
	}
	for _, command := range []string{"flows", "counters", "denied", "impact", "diff --policy", "explain", "status", "check", "diff", "history", "doctor"} {
		if !seen[command] {
			t.Errorf("no example of %s", command)
		}
	}
}

// exampleOf says in what an example differs from what a command prints that has
// values of this kind: keys that it does not print, and those that the example
// lacks. An object without keys stands for one that is shown elsewhere.
func exampleOf(text string, kind any) []string {
	value := reflect.New(reflect.TypeOf(kind))
	in := json.NewDecoder(strings.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(value.Interface()); err != nil {
		return []string{err.Error()}
	}
	printed, err := json.Marshal(value.Interface())
	if err != nil {
		return []string{err.Error()}
	}
	var want, got any
	if err := json.NewDecoder(bytes.NewReader(printed)).Decode(&want); err != nil {
		return []string{err.Error()}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		return []string{err.Error()}
	}
	return missing("", got, want)
}

// missing are the places of what is printed that an example has not.
func missing(at string, got, want any) (list []string) {
	switch want := want.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		if len(have) == 0 {
			return nil
		}
		for key, value := range want {
			if _, ok := have[key]; !ok {
				list = append(list, fmt.Sprintf("the example lacks %s.%s", at, key))
				continue
			}
			list = append(list, missing(at+"."+key, have[key], value)...)
		}
		slices.Sort(list)
	case []any:
		have, _ := got.([]any)
		for i := range min(len(have), len(want)) {
			list = append(list, missing(fmt.Sprintf("%s[%d]", at, i), have[i], want[i])...)
		}
	}
	return list
}

func TestAnExampleThatIsNotWhatIsPrintedIsFound(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"right", `{"packets":1,"bytes":2}`, ""},
		{"a key too many", `{"packets":1,"bytes":2,"octets":2}`, `json: unknown field "octets"`},
		{"another type", `{"packets":"1","bytes":2}`, "json: cannot unmarshal string into Go struct field countJSON.packets of type uint64"},
		{"a key is missing", `{"packets":1}`, "the example lacks .bytes"},
		{"as elsewhere", `{}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(exampleOf(tt.text, countJSON{}), "; "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
