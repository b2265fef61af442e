package tui

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/tuitest"
	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// manyFlows is how many the console must stand.
const manyFlows = 100_000

// mostPerKey is what a key and the frame after it may take among them.
const mostPerKey = 5 * time.Millisecond

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

func TestManyFlowsTakeLittleMemory(t *testing.T) {
	c := startChild(t, crowded, tty.Never, "GOGC=20") // as the program sets it for a console
	c.waits("Overview")
	c.types("4")
	c.waits(fmt.Sprintf("%d of %[1]d flows", manyFlows))
	c.types("/port:443\r")
	c.waits(fmt.Sprintf("of %d flows", manyFlows))
	c.types("jjjjGgjjs")
	time.Sleep(3 * time.Second) // refreshes
	if full := c.peak(); full > mostMemory {
		t.Errorf("%d flows take %d MB, want at most %d", manyFlows, full>>20, mostMemory>>20)
	} else {
		t.Logf("%d MB", full>>20)
	}
}

// The median of many keys: a machine that does something else now and then does
// not count.
func TestKeyIsQuickAmongManyFlows(t *testing.T) {
	site := tuitest.New(time.Now)
	site.FlowCount = manyFlows
	c := &console{TB: t, model: newModel(t.Context(), site, style.New(style.Basic(), style.Unicode()), time.Now), site: site}
	c.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	c.do(c.Init())
	c.do(c.show(page.FlowsScreen))
	for _, k := range []string{"j", "k", "ctrl+d", "ctrl+u", "G", "g"} {
		var took []time.Duration
		for range 41 {
			began := time.Now()
			c.send(keyPress(k))
			_ = c.View()
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		if median := took[len(took)/2]; median > mostPerKey {
			t.Errorf("%s among %d flows takes %s, want at most %s", k, manyFlows, median, mostPerKey)
		}
	}
}
