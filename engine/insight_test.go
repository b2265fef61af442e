package engine

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/reach"
	"github.com/mfwtui/mfwtui/tables"
)

func TestRowsThatDoNothing(t *testing.T) {
	const addresses = "a 10.0.0.1 fd00::1\nb 10.0.0.2 fd00::2\nlan 10.0.0.0/24 fd00::/64\nv4 10.0.0.1 -\n"
	tests := []struct {
		name, rules string
		want        []string
	}{
		{"none", "ext FW a ALL ssh accept\next FW b ALL ssh drop\n", nil},
		{"behind a wider one", "ext FW lan ALL ALL drop\next FW a ALL ssh accept\n",
			[]string{"rules:2 never decides: rules:1 comes before and takes all its packets"}},
		{"by two together", "ext FW lan ALL ssh drop\next FW ALL ALL ssh accept\next FW a ALL ssh accept\n",
			[]string{"rules:3 never decides: rules:1 comes before and takes all its packets"}},
		{"only in one family", "ext FW v4 ALL ALL drop\next FW a ALL ssh accept\n", nil},
		{"a later one would do", "ext FW a ALL ssh accept\next FW lan ALL ssh accept\n",
			[]string{"rules:1 decides about nothing: rules:2 would decide in the same way without it"}},
		{"but it logs", "ext FW a ALL ssh accept+log\next FW lan ALL ssh accept\n", nil},
		{"but it translates", "int ext a ALL ALL accept+nat\nint ext lan ALL ALL accept\n", nil},
		{"unreachable, and translates", "int ext lan ALL ALL accept\nint ext a ALL ALL accept+nat\n",
			[]string{"rules:2 never decides: rules:1 comes before and takes all its packets; it still translates"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, _ := tables.Load(fstest.MapFS{
				"addresses": {Data: []byte(addresses)}, "services": {Data: []byte("ssh 22 -\n")},
				"interfaces": {Data: []byte("eth0 ext -\neth1 int -\n")}, "rules": {Data: []byte(tt.rules)}, "virtuals": {Data: nil},
			})
			cfg, problems := set.Check(tables.Facts{Interfaces: []string{"eth0", "eth1"}})
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			compiled, _ := compile.Compile(cfg, compile.Facts{})
			var got []string
			for _, one := range rowInsights(cfg, compiled, reach.FindIdle(compiled.Rules, reach.Facts{})) {
				got = append(got, fmt.Sprintf("rules:%d %s", one.Line, one))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
