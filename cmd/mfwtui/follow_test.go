package main

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

// followed follows a thing that has a key each second, and returns what was
// printed until the keys came to an end.
func followed(t *testing.T, asJSON bool, keys string) (text string, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		cmd := &cobra.Command{}
		cmd.SetContext(ctx)
		var out bytes.Buffer
		a := &app{terminal: &terminal{out: &out}, asJSON: asJSON}
		second := 0
		err = followChanges(a, cmd, func() (sight[byte], error) {
			key := keys[second]
			if second++; second == len(keys) {
				stop()
			}
			if key == '!' {
				return sight[byte]{}, errors.New("it failed")
			}
			return sight[byte]{key, func() error { out.WriteString(string(key) + "\n"); return nil }}, nil
		})
		text = out.String()
	})
	return text, err
}

func TestFollowingPrintsWhatChanged(t *testing.T) {
	tests := []struct {
		name   string
		asJSON bool
		keys   string
		want   string
	}{
		{"JSON, a line for each change", true, "aabbba", "a\nb\na\n"},
		{"text, an empty line between two", false, "aab", "a\n\nb\n"},
		{"nothing changes", true, "aaaa", "a\n"},
		{"told to end while it looks", true, "ab!", "a\nb\n"},
	}
	for _, tt := range tests {
		if got, err := followed(t, tt.asJSON, tt.keys); got != tt.want || err != nil {
			t.Errorf("%s: printed %q, error %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestFollowingEndsWithAnError(t *testing.T) {
	if got, err := followed(t, true, "a!bb"); got != "a\n" || err == nil {
		t.Errorf("printed %q, error %v", got, err)
	}
}

func TestAnImpactChangesWithWhatItTouchesOnly(t *testing.T) {
	touched := func(port uint16, after string, bytes uint64) engine.TouchedFlow {
		var f engine.TouchedFlow
		f.Proto, f.Orig.Src, f.Orig.Dst, f.Orig.SrcPort = 6, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), port
		f.OrigCount.Bytes, f.Timeout = bytes, time.Duration(bytes)*time.Second
		f.Fate, f.After = engine.Cut, after
		return f
	}
	seed := maphash.MakeSeed()
	key := func(own *engine.OwnFlow, flows ...engine.TouchedFlow) impactKey {
		return impactKeyOf(&engine.FlowImpact{Judged: len(flows) + 7, Own: own, Touched: engine.ListTouched(flows...)}, seed)
	}
	a, b := touched(1, "drop", 0), touched(2, "drop", 0)
	want := key(nil, a, b)
	if got := key(nil, touched(2, "drop", 9), touched(1, "drop", 5)); got != want {
		t.Error("the same flows in another order, with other counters, are a change")
	}
	for name, other := range map[string]impactKey{
		"another flow":    key(nil, a, touched(3, "drop", 0)),
		"another verdict": key(nil, a, touched(2, "reject", 0)),
		"one more":        key(nil, a, b, touched(3, "drop", 0)),
		"one's own":       key(&engine.OwnFlow{GoesOn: true}, a, b),
	} {
		if other == want {
			t.Errorf("%s is no change", name)
		}
	}
}

func TestTheSecondsOfACountdownAreNoChange(t *testing.T) {
	status := func(left time.Duration, code string) string {
		key, err := statusKey(engine.Status{Trial: &engine.TrialStatus{State: engine.OnTrial, Code: code, Left: left}})
		if err != nil || !strings.Contains(key, code) {
			t.Fatalf("key %q: %v", key, err)
		}
		return key
	}
	if status(time.Minute, "AZRH") != status(time.Second, "AZRH") {
		t.Error("the seconds are a change")
	}
	if status(time.Minute, "AZRH") == status(time.Minute, "KMPX") {
		t.Error("another trial is no change")
	}
}
