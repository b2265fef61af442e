package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
)

// looks asks a few times how things stand and returns how often the host was
// probed for what it can do.
func looks(t *testing.T, can host.Capabilities, pause time.Duration) int {
	t.Helper()
	kernel := host.NewFake()
	kernel.SetCapabilities(can)
	e := New(Config{Dir: t.TempDir(), State: t.TempDir(), Run: t.TempDir(), Kernel: kernel})
	for range 3 {
		time.Sleep(pause)
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

func TestAHostIsProbedOnceAMinuteAndForWhatItLacksEachTime(t *testing.T) {
	able := host.Capabilities{Backend: host.NFT, Version: "1.8.9", DeadMan: true}
	lacking := host.Capabilities{Backend: host.Legacy, Version: "1.8.9", Missing: []string{"ipset"}}
	for _, c := range []struct {
		name  string
		can   host.Capabilities
		pause time.Duration
		want  int
	}{
		{"able, within a minute", able, 5 * time.Second, 1},
		{"able, a minute apart", able, time.Minute, 3},
		{"lacking", lacking, 5 * time.Second, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if n := looks(t, c.can, c.pause); n != c.want {
					t.Errorf("probed %d times, want %d", n, c.want)
				}
			})
		})
	}
}
