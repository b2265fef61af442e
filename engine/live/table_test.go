package live

import (
	"net/netip"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func counted(id uint32, bytes uint64) Flow {
	return Flow{ID: id, Proto: ruleset.UDP, State: "UNREPLIED",
		Orig:      Tuple{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), SrcPort: uint16(id)},
		OrigCount: ruleset.Counters{Bytes: bytes / 2}, ReplyCount: ruleset.Counters{Bytes: bytes - bytes/2}}
}

func (t *flowTable) find(id uint32) (Flow, bool) {
	for _, f := range t.flows {
		if f.ID == id {
			return f, true
		}
	}
	return Flow{}, false
}

func TestRatesAreBytesInBothDirectionsBetweenDumps(t *testing.T) {
	start := time.Unix(1000, 0)
	var table flowTable
	table.replace(start, []Flow{counted(1, 1000), counted(2, 500), counted(3, 900)})
	for _, f := range table.flows {
		if f.Rate != 0 {
			t.Errorf("flow %d has a rate of %v at the first look", f.ID, f.Rate)
		}
	}
	table.replace(start.Add(2*time.Second), []Flow{counted(1, 3000), counted(2, 500), counted(3, 100), counted(4, 600)})
	want := map[uint32]float64{
		1: 1000, // 2000 bytes in 2 s
		2: 0,    // idle
		3: 0,    // its counters were reset
		4: 300,  // began since
	}
	for id, rate := range want {
		if f, _ := table.find(id); f.Rate != rate {
			t.Errorf("flow %d: %v bytes a second, want %v", id, f.Rate, rate)
		}
	}
	if f, _ := table.find(1); !f.FirstSeen.Equal(start) {
		t.Errorf("flow 1 was first seen %s, want %s", f.FirstSeen, start)
	}
	if f, _ := table.find(4); !f.FirstSeen.Equal(start.Add(2 * time.Second)) {
		t.Errorf("flow 4 was first seen %s", f.FirstSeen)
	}
}

func TestEventsKeepWhatOnlyADumpKnows(t *testing.T) {
	start := time.Unix(1000, 0)
	var table flowTable
	table.replace(start, []Flow{counted(1, 1000)})
	table.replace(start.Add(time.Second), []Flow{counted(1, 3000)})

	changed := counted(1, 0)
	changed.State = "REPLIED"
	table.update(start.Add(time.Minute), changed)
	f, _ := table.find(1)
	if f.State != "REPLIED" || f.bytes() != 3000 || f.Rate != 2000 || !f.FirstSeen.Equal(start) {
		t.Errorf("after an update: %+v", f)
	}
}

func TestEventsAddAndRemoveFlows(t *testing.T) {
	now := time.Unix(1000, 0)
	var table flowTable
	table.replace(now, []Flow{counted(1, 0), counted(2, 0), counted(3, 0)})
	table.update(now, counted(4, 0))
	for _, id := range []uint32{1, 4, 1, 9} { // the second 1 and 9 are not there
		table.remove(counted(id, 0))
	}
	if len(table.flows) != 2 || len(table.index) != 2 {
		t.Fatalf("%d flows and %d keys are left, want 2 of each", len(table.flows), len(table.index))
	}
	for _, id := range []uint32{2, 3} {
		f, ok := table.find(id)
		if !ok {
			t.Errorf("flow %d is gone", id)
		}
		if i := table.index[f.key()]; table.flows[i].ID != id {
			t.Errorf("flow %d is indexed at the place of flow %d", id, table.flows[i].ID)
		}
	}
}

func TestADumpThatNamesAFlowTwiceCountsItOnce(t *testing.T) {
	var table flowTable
	table.replace(time.Unix(1000, 0), []Flow{counted(1, 10), counted(2, 0), counted(1, 20)})
	if len(table.flows) != 2 {
		t.Errorf("%d flows, want 2", len(table.flows))
	}
}

func TestFlowsWithTheSameIDAreTwoFlows(t *testing.T) {
	a, b := counted(1, 0), counted(1, 0)
	b.Orig.SrcPort++
	var table flowTable
	table.replace(time.Unix(1000, 0), []Flow{a, b})
	if len(table.flows) != 2 {
		t.Errorf("%d flows, want 2", len(table.flows))
	}
}
