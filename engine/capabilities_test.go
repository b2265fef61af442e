package engine

import (
	"testing"

	"github.com/mfwtui/mfwtui/engine/host"
)

// looks asks a few times how things stand and returns how often the host was
// probed for what it can do.
func looks(t *testing.T, can host.Capabilities) int {
	t.Helper()
	kernel := host.NewFake()
	kernel.SetCapabilities(can)
	e := New(Config{Dir: t.TempDir(), State: t.TempDir(), Run: t.TempDir(), Kernel: kernel})
	for range 3 {
		st, err := e.Status(t.Context())
		if err != nil || st.Version != can.Version || st.Backend != can.Backend {
			t.Fatalf("the status is of %q %q: %v", st.Backend, st.Version, err)
		}
	}
	probes := 0
	for _, call := range kernel.Calls() {
		if call == "probe" {
			probes++
		}
	}
	return probes
}

func TestAHostThatCanDoEverythingIsProbedOnce(t *testing.T) {
	if n := looks(t, host.Capabilities{Backend: host.NFT, Version: "1.8.9", DeadMan: true}); n != 1 {
		t.Errorf("probed %d times", n)
	}
}

func TestWhatAHostLacksIsLookedForAgain(t *testing.T) {
	if n := looks(t, host.Capabilities{Backend: host.Legacy, Version: "1.8.9", Missing: []string{"ipset"}}); n != 3 {
		t.Errorf("probed %d times, want each time", n)
	}
}
