package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ti-mo/conntrack"
	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/tuitest/tty"
)

// manyFlows puts connections of as many clients into the connection table of
// the calling thread's namespace.
func manyFlows(b *testing.B, n int) {
	b.Helper()
	c, err := conntrack.Dial(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	const established = conntrack.StatusConfirmed | conntrack.StatusSeenReply | conntrack.StatusAssured
	for i := range n {
		src := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		f := conntrack.NewFlow(6, established, src, netip.MustParseAddr("192.0.2.1"), uint16(1024+i%60000), 443, 600, 0)
		if err := c.Create(f); err != nil {
			b.Fatalf("make flow %d: %v", i, err)
		}
	}
}

// uplink gives the host the interfaces of the tables and a way to the clients.
func uplink(b *testing.B) {
	b.Helper()
	for _, name := range []string{"eth0", "eth1", "eth2"} {
		if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: "peer-" + name}); err != nil {
			b.Fatal(err)
		}
		link, err := netlink.LinkByName(name)
		if err == nil {
			err = netlink.LinkSetUp(link)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	addr, err := netlink.ParseAddr("192.0.2.1/24")
	if err != nil {
		b.Fatal(err)
	}
	eth0, err := netlink.LinkByName("eth0")
	if err == nil {
		err = netlink.AddrAdd(eth0, addr)
	}
	if err == nil {
		err = netlink.RouteAdd(&netlink.Route{LinkIndex: eth0.Attrs().Index, Scope: netlink.SCOPE_LINK, Dst: &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}})
	}
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFlows compares the whole process that reads, judges and prints
// 100,000 connections with conntrack -L, which only reads and prints.
func BenchmarkFlows(b *testing.B) {
	const flows = 100_000
	bin := program(b)
	onHosts(b, func(b *testing.B, h benchHost) {
		uplink(b)
		dir := manyRows(b, 100)
		h.load(b, bin, dir)
		manyFlows(b, flows)
		for b.Loop() {
			var ours, peak, tool, ratio []float64
			for range turns {
				theirs, out := measure(b, exec.Command("conntrack", "-L"), 0)
				if n := bytes.Count(out, []byte("\n")); n != flows {
					b.Fatalf("conntrack prints %d flows, want %d", n, flows)
				}
				found, out := measure(b, h.command(bin, dir, "flows"), 0)
				if n := bytes.Count(out, []byte("\n")); n != flows+1 {
					b.Fatalf("%d lines, want %d", n, flows+1)
				}
				tool, ours, peak = append(tool, theirs.wall), append(ours, found.wall), append(peak, found.peak)
				ratio = append(ratio, found.wall/theirs.wall)
			}
			report(b, tool, "ms/conntrack-L")
			report(b, ours, "ms/flows")
			report(b, peak, "MB/flows")
			report(b, ratio, "ratio")
		}
	})
}

// BenchmarkImpact compares the whole process that judges 100,000 connections by
// the rules that run and by others with conntrack -L, which only reads and
// prints. The change touches the flows of one client, or every flow, each of
// another client.
func BenchmarkImpact(b *testing.B) {
	const flows = 100_000
	bin := program(b)
	for source, touched := range map[string]int{"one": 1, "ALL": flows} {
		b.Run(source, func(b *testing.B) {
			onHosts(b, func(b *testing.B, h benchHost) {
				uplink(b)
				dir := manyRows(b, 100)
				h.load(b, bin, dir)
				manyFlows(b, flows)
				writeTable(b, dir, "addresses", []byte("one 10.0.0.1 -\n"))
				writeTable(b, dir, "rules", []byte("ext FW "+source+" ALL web accept\n"))
				said := fmt.Sprintf("%d opening, of %d connections", touched, flows)
				for b.Loop() {
					h.impact(b, bin, dir, said)
				}
			})
		})
	}
}

// impact takes turns with conntrack -L.
func (h benchHost) impact(b *testing.B, bin, dir, said string) {
	var ours, tool, ratio []float64
	var runs usages
	for range turns {
		theirs, _ := measure(b, exec.Command("conntrack", "-L"), 0)
		found, out := measure(b, h.command(bin, dir, "impact"), 1)
		if !bytes.Contains(out, []byte(said)) {
			b.Fatalf("impact does not say %q but\n%s", said, out[max(0, len(out)-500):])
		}
		tool, ours, runs = append(tool, theirs.wall), append(ours, found.wall), append(runs, found)
		ratio = append(ratio, last(ours)/last(tool))
	}
	report(b, tool, "ms/conntrack-L")
	report(b, ours, "ms/impact")
	report(b, runs.cpu(), "cpu-ms/impact")
	report(b, runs.peak(), "MB/impact")
	report(b, ratio, "ratio")
}

// BenchmarkFlowsScreen leaves the screen of the flows open for a while, filters
// and sorts it, and stops and goes on. "%core" is what the console takes of one
// core, refreshing once a second, and "%core-idle" what it takes without any flow.
// "%core-tools" and "%core-idle-tools" are what the firewall's tools take that it
// calls; "MB" is the memory of the whole process at
// the end, "peak-MB" the most that it had.
func BenchmarkFlowsScreen(b *testing.B) {
	bin := program(b)
	for _, flows := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(flows), func(b *testing.B) {
			onHosts(b, func(b *testing.B, h benchHost) {
				uplink(b)
				dir := manyRows(b, 100)
				h.load(b, bin, dir)
				idle := h.openFlows(b, bin, dir, 0)
				own, tools := idle.shares()
				idle.Close()
				manyFlows(b, flows)
				for b.Loop() {
					h.flowsScreen(b, bin, dir, flows)
					b.ReportMetric(own, "%core-idle")
					b.ReportMetric(tools, "%core-idle-tools")
				}
			})
		})
	}
}

// screenTime is how long refreshes are watched.
const screenTime = 20 * time.Second

// benchConsole is a console on a terminal that is read.
type benchConsole struct {
	b *testing.B
	*tty.Terminal
}

// do types keys and waits for a text.
func (c benchConsole) do(keys, text string) {
	c.b.Helper()
	if err := errors.Join(c.Type(keys), c.Wait(30*time.Second, text)); err != nil {
		c.b.Fatal(err)
	}
}

// openFlows opens the screen of the flows, of which there are so many.
func (h benchHost) openFlows(b *testing.B, bin, dir string, flows int) benchConsole {
	b.Helper()
	cmd := h.command(bin, dir)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8")
	t, err := tty.Start(cmd, tty.Options{Width: 120, Height: 40})
	if err != nil {
		b.Fatal(err)
	}
	c := benchConsole{b, t}
	c.do("", "CONNTRACK")
	c.do("4", fmt.Sprintf("conntrack %d of", flows))
	return c
}

// shares are what the console, and the tools that it calls, take of a core, in
// percent.
func (c benchConsole) shares() (own, tools float64) {
	c.b.Helper()
	pid := c.Process().Pid
	ownBefore, toolsBefore := processTime(c.b, pid)
	time.Sleep(screenTime)
	ownThen, toolsThen := processTime(c.b, pid)
	return 100 * (ownThen - ownBefore).Seconds() / screenTime.Seconds(), 100 * (toolsThen - toolsBefore).Seconds() / screenTime.Seconds()
}

func (h benchHost) flowsScreen(b *testing.B, bin, dir string, flows int) {
	b.Helper()
	c := h.openFlows(b, bin, dir, flows)
	defer c.Close()
	own, tools := c.shares()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(own, "%core")
	b.ReportMetric(tools, "%core-tools")
	c.do("/port:44", "/port:44")
	c.do("3\r", fmt.Sprintf("%d of %[1]d flows", flows))
	c.do("jjGgs", "live")
	c.do("p", "PAUSED")
	time.Sleep(3 * time.Second) // refreshes
	c.do("p", "live")
	time.Sleep(3 * time.Second)
	b.ReportMetric(processMemory(b, c.Process().Pid, "VmRSS:"), "MB")
	b.ReportMetric(processMemory(b, c.Process().Pid, "VmHWM:"), "peak-MB")
}

// processTime is the processor time of a running process, and that of its
// children which have ended: the fields 14 to 17 of proc_pid_stat(5), in
// hundredths of a second.
func processTime(b *testing.B, pid int) (own, children time.Duration) {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')'):])) // the second field is the name, in brackets
	var ticks [4]time.Duration
	for i := range ticks {
		n, err := strconv.Atoi(fields[12+i])
		if err != nil {
			b.Fatal(err)
		}
		ticks[i] = time.Duration(n) * time.Second / 100
	}
	return ticks[0] + ticks[1], ticks[2] + ticks[3]
}

// processMemory is a field of proc_pid_status(5) in MB.
func processMemory(b *testing.B, pid int, field string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), field)
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kilobytes) / 1024
}

// BenchmarkCounters compares a reading of the counters of 10,000 rules, as a
// console that shows them does it again and again, with one iptables-save -c and
// one ip6tables-save -c.
func BenchmarkCounters(b *testing.B) {
	bin := program(b)
	onHosts(b, func(b *testing.B, h benchHost) {
		uplink(b)
		dir := manyRows(b, 10_000)
		h.load(b, bin, dir)
		e := engine.New(engine.Config{Dir: dir, State: h.state, Run: h.run})
		read := func() usage {
			begin := time.Now()
			if snap, err := e.Counters(b.Context()); err != nil || len(snap.Rows) < 10_000 {
				b.Fatalf("%d rows: %v", len(snap.Rows), err)
			}
			return usage{wall: milliseconds(time.Since(begin))}
		}
		read() // finds out what the rows are called
		for b.Loop() {
			var saves, ours, ratio []float64
			for range turns {
				v4, _ := measure(b, exec.Command("iptables-save", "-c"), 0)
				v6, _ := measure(b, exec.Command("ip6tables-save", "-c"), 0)
				saves = append(saves, v4.wall+v6.wall)
				ours = append(ours, read().wall)
				ratio = append(ratio, last(ours)/last(saves))
			}
			report(b, saves, "ms/saves")
			report(b, ours, "ms/counters")
			report(b, ratio, "ratio")
		}
	})
}
