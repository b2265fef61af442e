package engine

import (
	"testing"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/live"
)

func TestACounterOfABuiltInPartSaysWhatItCounts(t *testing.T) {
	tests := []struct{ part, want string }{
		{"reject", "the final reject: no row decided"},
		{"zone-eth0", "came in by eth0"},
		{"to-br-7f3c", "leaves by br-7f3c"},
		{"of-tomorrow", "of-tomorrow"},
	}
	for _, tt := range tests {
		t.Run(tt.part, func(t *testing.T) {
			names := map[string]rowName{"id": {compile.RowRef{Name: tt.part}, tt.part}}
			if got := rowCounters(names, map[string]live.RuleCount{"id": {}})[0].Text; got != tt.want {
				t.Errorf("text %q, want %q", got, tt.want)
			}
		})
	}
}
