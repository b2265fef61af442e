package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine/plan"
)

func TestOnlySetsThatNobodyUsesAndThatAreKnownAreUnused(t *testing.T) {
	live := parse(t, `*filter
:MFWINPUT - [0:0]
-A MFWINPUT -m set --match-set asked_v4 src -j ACCEPT
COMMIT
`, "", `create asked_v4 hash:net family inet
add asked_v4 192.0.2.1
create left_v4 hash:net family inet
add left_v4 192.0.2.2
create changed_v4 hash:net family inet
add changed_v4 192.0.2.3
add changed_v4 192.0.2.33
create kind_tcp hash:net family inet
create listed_v4 hash:net family inet
create lists list:set
add lists listed_v4
create unknown_v4 hash:net family inet
`)
	known := parse(t, "", "", `create asked_v4 hash:net family inet
add asked_v4 192.0.2.1
create left_v4 hash:net family inet
add left_v4 192.0.2.2
create changed_v4 hash:net family inet
add changed_v4 192.0.2.3
create kind_tcp bitmap:port range 0-65535
create listed_v4 hash:net family inet
create absent_v4 hash:net family inet
`).Sets
	if diff := cmp.Diff([]string{"left_v4"}, plan.Unused(live, known)); diff != "" {
		t.Error(diff)
	}
}
