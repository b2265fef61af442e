package tui

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// manyFlows is how many the console must stand.
const manyFlows = 100_000

// mostMemory is what the console may take with so many flows, as a whole process.
const mostMemory = raceShare * (60 << 20)

// peak is the most memory that the process ever had.
func (c *child) peak() int {
	c.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process().Pid))
	c.must(err)
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	c.must(err)
	return kilobytes << 10
}

// The least of several counts: where the machine is late the heap grows while it is
// swept.
func TestManyFlowsTakeLittleMemory(t *testing.T) {
	full := 0
	for range scenes {
		if full = peakAmongFlows(t); full <= mostMemory {
			t.Logf("%d MB", full>>20)
			return
		}
	}
	t.Errorf("%d flows take %d MB, want at most %d", manyFlows, full>>20, mostMemory>>20)
}

// peakAmongFlows is the most memory that a console ever had among many flows.
func peakAmongFlows(t *testing.T) int {
	c := startChild(t, crowded, tty.Never, "GOGC=20") // as the program sets it for a console
	c.waits("Overview")
	c.types("4")
	c.waits(fmt.Sprintf("%d of %[1]d flows", manyFlows))
	c.types("/port:443\r")
	c.waits(fmt.Sprintf("of %d flows", manyFlows))
	c.types("jjjjGgjjs")
	time.Sleep(3 * time.Second) // refreshes
	defer c.quits()
	return c.peak()
}

// What a key and the frame after it do does not grow with the flows: a hundred
// times as many may not even double it. Told by the bytes that are allocated, since a
// clock would tell of the machine; BenchmarkFlowKeys has the times.
func TestKeyIsQuickAmongManyFlows(t *testing.T) {
	few, many := benchConsole(t, manyFlows/100, 10), benchConsole(t, manyFlows, 10)
	for _, c := range []*console{few, many} {
		c.do(c.show(page.FlowsScreen))
	}
	for _, k := range []string{"j", "k", "ctrl+d", "ctrl+u", "G", "g"} {
		if with, without := many.perKey(k), few.perKey(k); with > 2*without {
			t.Errorf("%s allocates %d bytes among %d flows, %d among %d", k, with, manyFlows, without, manyFlows/100)
		}
	}
}

// perKey is how many bytes a key and the frame after it allocate.
func (c *console) perKey(key string) uint64 {
	const keys = 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range keys {
		c.press1(key)
		_ = c.View()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / keys
}
