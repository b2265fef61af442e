package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestDeniedPacketsAreGroupedAndCounted(t *testing.T) {
	table := deniedTable{groups: make(map[deniedKey]*Denied)}
	begin := time.Unix(1000, 0)
	h := Header{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), Proto: ruleset.TCP, DstPort: 23}
	for i := range 5 {
		h.SrcPort = uint16(40000 + i)
		table.add(begin, deniedKey{row: "reject", in: 2}, h)
	}
	names := map[int]string{2: "eth0"}
	table.snapshot(begin, names)
	other := h
	other.DstPort = 25
	table.add(begin.Add(time.Second), deniedKey{row: "abcd", in: 2}, other)
	table.add(begin.Add(2*time.Second), deniedKey{row: "reject", in: 2}, h)
	var got []string
	for _, d := range table.snapshot(begin.Add(2*time.Second), names).List {
		got = append(got, fmt.Sprintf("%s %s %d: %d, %.1f/s, last from %d", d.Row, d.In, d.DstPort, d.Count, d.Rate, d.SrcPort))
	}
	want := []string{"reject eth0 23: 6, 0.5/s, last from 40004", "abcd eth0 25: 1, 0.5/s, last from 40004"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheListOfDeniedPacketsStaysShort(t *testing.T) {
	table := deniedTable{groups: make(map[deniedKey]*Denied)}
	begin := time.Unix(1000, 0)
	for i := range 3 * deniedLimit {
		h := Header{Src: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Dst: netip.MustParseAddr("10.0.0.2")}
		table.add(begin.Add(time.Duration(i)), deniedKey{row: "reject"}, h)
	}
	snap := table.snapshot(begin.Add(time.Hour), nil)
	if len(snap.List) > deniedLimit || snap.List[0].Last != begin.Add(3*deniedLimit-1) || snap.Forgotten+uint64(len(snap.List)) != 3*deniedLimit {
		t.Errorf("%d groups, %d forgotten, the latest of %v", len(snap.List), snap.Forgotten, snap.List[0].Last)
	}
}

func TestWhatRulesLogIsRead(t *testing.T) {
	const group = 28006
	ns := newNamespace(t)
	rules := [][]string{
		{"-A", "OUTPUT", "-p", "udp", "--dport", "9999", "-j", "NFLOG", "--nflog-group", fmt.Sprint(group), "--nflog-prefix", "mfw:cafe0001"},
		{"-A", "OUTPUT", "-p", "udp", "--dport", "9998", "-j", "NFLOG", "--nflog-group", fmt.Sprint(group), "--nflog-prefix", "somebody else"},
	}
	for _, tool := range []string{"iptables", "ip6tables"} {
		for _, r := range rules {
			in(t, ns, func() error { return exec.Command(tool, r...).Run() })
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var feed <-chan DeniedSnapshot
	in(t, ns, func() (err error) { feed, err = FollowDenied(ctx, group, 20*time.Millisecond); return err })
	if err := ns.Do(func() error { _, err := FollowDenied(ctx, group, time.Second); return err }); !errors.Is(err, ErrLogTaken) {
		t.Errorf("a second reader gets %v, want %v", err, ErrLogTaken)
	}
	for _, to := range []string{"127.0.0.1:9999", "127.0.0.1:9998", "[::1]:9999"} {
		in(t, ns, func() error {
			c, err := net.ListenPacket("udp", "") // not connected: no refusal comes back
			if err != nil {
				return err
			}
			defer c.Close()
			for range 3 {
				if _, err := c.WriteTo([]byte("hello"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for deadline := time.After(2 * time.Minute); ; {
		select {
		case snap := <-feed:
			if len(snap.List) < 2 || snap.List[0].Count+snap.List[1].Count < 6 {
				continue
			}
			for _, d := range snap.List {
				if d.Row != "cafe0001" || d.Out != "lo" || d.DstPort != 9999 || d.Count != 3 {
					t.Errorf("%+v", d)
				}
			}
			cancel()
			for range feed { // it ends with the context
			}
			return
		case <-deadline:
			t.Fatal("what was logged does not arrive")
		}
	}
}
