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
	site := tuitest.New()
	site.Now = time.Now
	if err := Run(t.Context(), site, Options{}); err != nil {
		t.Fatal(err)
	}
}
