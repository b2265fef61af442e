package live

import (
	"iter"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func counted(id uint32, bytes uint64) Flow {
	return Flow{ID: id, Proto: ruleset.UDP, State: "UNREPLIED",
		Orig:      Tuple{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), SrcPort: uint16(id)},
		OrigCount: ruleset.Counters{Bytes: bytes / 2}, ReplyCount: ruleset.Counters{Bytes: bytes - bytes/2}}
}

// replace takes over a whole dump.
func (t *flowTable) replace(now time.Time, dump []Flow) {
	t.begin()
	for _, f := range dump {
		t.dump(now, &f)
	}
	t.end(now)
}

func (t *flowTable) get(id uint32) (Flow, bool) {
	return seek(t.list, func(f *Flow) bool { return f.ID == id })
}

func TestRatesAreBytesInBothDirectionsBetweenDumps(t *testing.T) {
	start := time.Unix(1000, 0)
	var table flowTable
	table.replace(start, []Flow{counted(1, 1000), counted(2, 500), counted(3, 900)})
	for _, f := range table.list.All() {
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
		if f, _ := table.get(id); f.Rate != rate {
			t.Errorf("flow %d: %v bytes a second, want %v", id, f.Rate, rate)
		}
	}
	if f, _ := table.get(1); !f.FirstSeen.Equal(start) {
		t.Errorf("flow 1 was first seen %s, want %s", f.FirstSeen, start)
	}
	if f, _ := table.get(4); !f.FirstSeen.Equal(start.Add(2 * time.Second)) {
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
	table.update(start.Add(time.Minute), &changed)
	f, _ := table.get(1)
	if f.State != "REPLIED" || table.list.Bytes(0) != 3000 || f.Rate != 2000 || !f.FirstSeen.Equal(start) {
		t.Errorf("after an update: %+v", f)
	}
}

func TestEventsAddAndRemoveFlows(t *testing.T) {
	now := time.Unix(1000, 0)
	var table flowTable
	table.replace(now, []Flow{counted(1, 0), counted(2, 0), counted(3, 0)})
	added := counted(4, 0)
	table.update(now, &added)
	for _, id := range []uint32{1, 4, 1, 9} { // the second 1 and 9 are not there
		gone := counted(id, 0)
		table.remove(&gone)
	}
	if table.list.Len() != 2 || len(table.index) != 2 {
		t.Fatalf("%d flows and %d keys are left, want 2 of each", table.list.Len(), len(table.index))
	}
	for _, id := range []uint32{2, 3} {
		f, ok := table.get(id)
		if !ok {
			t.Errorf("flow %d is gone", id)
		}
		e := pack(&f)
		if i, _, _ := table.find(&e.who); table.list.At(i).ID != id {
			t.Errorf("flow %d is indexed at the place of flow %d", id, table.list.At(i).ID)
		}
	}
}

func TestADumpThatNamesAFlowTwiceCountsItOnce(t *testing.T) {
	var table flowTable
	table.replace(time.Unix(1000, 0), []Flow{counted(1, 10), counted(2, 0), counted(1, 20)})
	if table.list.Len() != 2 {
		t.Errorf("%d flows, want 2", table.list.Len())
	}
}

func TestFlowsWithTheSameIDAreTwoFlows(t *testing.T) {
	a, b := counted(1, 0), counted(1, 0)
	b.Orig.SrcPort++
	var table flowTable
	table.replace(time.Unix(1000, 0), []Flow{a, b})
	if table.list.Len() != 2 {
		t.Errorf("%d flows, want 2", table.list.Len())
	}
}

// A snapshot is read while the table goes on, also beyond one block.
func TestASnapshotStaysAsItWasWhenTheTableChanges(t *testing.T) {
	const n = 3*perBlock + 7
	dump := make([]Flow, n)
	for i := range dump {
		dump[i] = counted(uint32(i), uint64(i))
	}
	var table flowTable
	table.replace(time.Unix(1000, 0), dump)
	snap := table.snapshot()
	want := slices.Collect(values(snap))
	for i := range dump {
		dump[i].OrigCount.Bytes += 100
	}
	table.replace(time.Unix(1001, 0), dump[:n/2])
	for i := range uint32(perBlock) {
		gone, began := counted(i, 0), counted(n+i, 0)
		table.remove(&gone)
		table.update(time.Unix(1002, 0), &began)
	}
	if got := slices.Collect(values(snap)); !slices.Equal(got, want) {
		t.Error("the snapshot changed with the table")
	}
	if got := table.list.Len(); got != n/2 {
		t.Errorf("the table has %d flows, want %d", got, n/2)
	}
}

func values(l FlowList) iter.Seq[Flow] {
	return func(yield func(Flow) bool) {
		for _, f := range l.All() {
			if !yield(*f) {
				return
			}
		}
	}
}
