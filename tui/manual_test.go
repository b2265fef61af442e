//go:build manual

package tui

import (
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// TestManual shows the console on the sample site, to look at:
//
//	go test -c -tags manual -o console.test ./tui && ./console.test -test.run TestManual
func TestManual(t *testing.T) {
	if err := Run(t.Context(), tuitest.New(time.Now), Options{}); err != nil {
		t.Fatal(err)
	}
}
