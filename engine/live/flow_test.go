package live

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ti-mo/conntrack"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func newNamespace(t testing.TB) *lab.Namespace {
	t.Helper()
	ns, err := lab.NewNamespace()
	if err != nil {
		if os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
			t.Fatalf("kernel tests must run here: %v", err)
		}
		t.Skipf("needs root, or a user namespace: %v", err)
	}
	t.Cleanup(func() { ns.Close() })
	return ns
}

// in runs f in a namespace and fails the test with its error.
func in(t testing.TB, ns *lab.Namespace, f func() error) {
	t.Helper()
	if err := ns.Do(f); err != nil {
		t.Fatal(err)
	}
}

// writer is a connection that makes and removes flows in the namespace.
func writer(t testing.TB, ns *lab.Namespace) *conntrack.Conn {
	t.Helper()
	var conn *conntrack.Conn
	in(t, ns, func() (err error) {
		conn, err = conntrack.Dial(nil)
		return err
	})
	t.Cleanup(func() { conn.Close() })
	return conn
}

const established = conntrack.StatusConfirmed | conntrack.StatusSeenReply | conntrack.StatusAssured

// numbered is one of many flows that differ.
func numbered(i int) conntrack.Flow {
	src := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
	return conntrack.NewFlow(ruleset.TCP, established, src, netip.MustParseAddr("192.0.2.1"), uint16(1024+i%60000), 443, 600, 0)
}

// seek is the first flow that is right.
func seek(l FlowList, right func(*Flow) bool) (Flow, bool) {
	for _, f := range l.All() {
		if right(f) {
			return *f, true
		}
	}
	return Flow{}, false
}

func create(t testing.TB, conn *conntrack.Conn, flows ...conntrack.Flow) {
	t.Helper()
	for _, f := range flows {
		if err := conn.Create(f); err != nil {
			t.Fatalf("make flow %v: %v", f.TupleOrig, err)
		}
	}
}

// everyKind is a flow of each form that the decoder tells apart.
func everyKind() []conntrack.Flow {
	addr := netip.MustParseAddr
	tcp := conntrack.NewFlow(ruleset.TCP, established, addr("203.0.113.11"), addr("192.168.10.20"), 40000, 80, 432000, 0x4000000)
	tcp.ProtoInfo.TCP = &conntrack.ProtoInfoTCP{State: 3}
	half := conntrack.NewFlow(ruleset.TCP, conntrack.StatusConfirmed, addr("2001:db8::1"), addr("fd00::20"), 40001, 80, 600, 0)
	half.ProtoInfo.TCP = &conntrack.ProtoInfoTCP{State: 1}
	udp := conntrack.NewFlow(ruleset.UDP, conntrack.StatusConfirmed|conntrack.StatusSeenReply, addr("203.0.113.11"), addr("203.0.113.1"), 5353, 53, 600, 0)
	udp.Zone = 7
	ping := conntrack.NewFlow(ruleset.ICMP, conntrack.StatusConfirmed, addr("203.0.113.11"), addr("203.0.113.1"), 0, 0, 600, 0)
	echo(&ping, 8, 0, 4711)
	ping6 := conntrack.NewFlow(ruleset.ICMPv6, conntrack.StatusConfirmed, addr("2001:db8::1"), addr("2001:db8::2"), 0, 0, 600, 0)
	echo(&ping6, 128, 129, 4712)
	return []conntrack.Flow{tcp, half, udp, ping, ping6}
}

func echo(f *conntrack.Flow, request, reply uint8, id uint16) {
	f.TupleOrig.Proto.ICMPID, f.TupleOrig.Proto.ICMPType = id, request
	f.TupleReply.Proto.ICMPID, f.TupleReply.Proto.ICMPType = id, reply
}

func TestReadFlowsReadsEveryForm(t *testing.T) {
	ns := newNamespace(t)
	create(t, writer(t, ns), everyKind()...)
	var snap FlowSnapshot
	in(t, ns, func() (err error) { snap, err = ReadFlows(t.Context()); return err })

	got := map[Tuple]Flow{}
	for _, f := range snap.Flows.All() {
		got[f.Orig] = *f
	}
	tuple := func(src, dst string, sport, dport uint16) Tuple {
		return Tuple{netip.MustParseAddr(src), netip.MustParseAddr(dst), sport, dport}
	}
	want := []Flow{
		{Family: ruleset.V4, Proto: ruleset.TCP, State: "ESTABLISHED", Assured: true, Replied: true, Mark: 0x4000000,
			Orig:  tuple("203.0.113.11", "192.168.10.20", 40000, 80),
			Reply: tuple("192.168.10.20", "203.0.113.11", 80, 40000)},
		{Family: ruleset.V6, Proto: ruleset.TCP, State: "SYN_SENT",
			Orig:  tuple("2001:db8::1", "fd00::20", 40001, 80),
			Reply: tuple("fd00::20", "2001:db8::1", 80, 40001)},
		{Family: ruleset.V4, Proto: ruleset.UDP, State: "REPLIED", Replied: true, Zone: 7,
			Orig:  tuple("203.0.113.11", "203.0.113.1", 5353, 53),
			Reply: tuple("203.0.113.1", "203.0.113.11", 53, 5353)},
		{Family: ruleset.V4, Proto: ruleset.ICMP, State: "UNREPLIED",
			Orig:  tuple("203.0.113.11", "203.0.113.1", 4711, 8<<8),
			Reply: tuple("203.0.113.1", "203.0.113.11", 4711, 0)},
		{Family: ruleset.V6, Proto: ruleset.ICMPv6, State: "UNREPLIED",
			Orig:  tuple("2001:db8::1", "2001:db8::2", 4712, 128<<8),
			Reply: tuple("2001:db8::2", "2001:db8::1", 4712, 129<<8)},
	}
	if len(got) != len(want) {
		t.Errorf("%d flows, want %d: %+v", len(got), len(want), got)
	}
	for _, w := range want {
		if diff := cmp.Diff(w, got[w.Orig], cmpopts.IgnoreFields(Flow{}, "ID", "Timeout"), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("flow %v differs (-want +got):\n%s", w.Orig, diff)
		}
		if left := got[w.Orig].Timeout; left < time.Second {
			t.Errorf("flow %v: timeout is %s", w.Orig, left)
		}
	}
	if snap.Max == 0 || snap.At.IsZero() {
		t.Errorf("snapshot is without limit or time: %d, %s", snap.Max, snap.At)
	}
}

func TestDecoderAgreesWithTheLibrary(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	create(t, conn, everyKind()...)
	var ours FlowSnapshot
	in(t, ns, func() (err error) { ours, err = ReadFlows(t.Context()); return err })
	theirs, err := conn.Dump(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[uint32]Flow{}
	for i := range theirs {
		want[theirs[i].ID] = flowOf(&theirs[i])
	}
	for _, f := range ours.Flows.All() {
		w := want[f.ID]
		if diff := cmp.Diff(w, *f, cmpopts.IgnoreFields(Flow{}, "Timeout"), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("flow %v differs (-library +ours):\n%s", f.Orig, diff)
		}
	}
}

func TestDecodeFlowRefusesEveryCutMessage(t *testing.T) {
	whole := []byte{2, 0, 0, 0, // AF_INET
		8, 0, ctaStatus, 0, 0, 0, 0, 2,
		24, 0, ctaTupleOrig, 0x80, 20, 0, ctaTupleIP, 0x80,
		8, 0, ctaIPV4Src, 0, 10, 0, 0, 1,
		8, 0, ctaIPV4Dst, 0, 10, 0, 0, 2}
	f, err := decodeFlow(whole)
	if err != nil || f.Orig.Dst != netip.MustParseAddr("10.0.0.2") {
		t.Fatalf("whole message: %+v, %v", f, err)
	}
	for cut := range whole {
		if cut == 4 || cut == 12 { // between two attributes
			continue
		}
		if _, err := decodeFlow(whole[:cut]); err == nil {
			t.Errorf("message cut after %d of %d bytes was accepted", cut, len(whole))
		}
	}
}

func FuzzDecodeFlow(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 8, 0, ctaStatus, 0, 0, 0, 0, 2})
	f.Add([]byte{10, 0, 0, 0, 8, 0, ctaProtoInfo, 0x80, 4, 0, ctaProtoInfoTCP, 0x80})
	f.Fuzz(func(t *testing.T, message []byte) {
		decodeFlow(message) // must return, whatever a message says about its lengths
	})
}

func TestDecodeFlowAllocatesNothing(t *testing.T) {
	message := []byte{2, 0, 0, 0,
		8, 0, ctaStatus, 0, 0, 0, 0, 2,
		8, 0, ctaMark, 0, 4, 0, 0, 0,
		24, 0, ctaTupleOrig, 0x80, 20, 0, ctaTupleIP, 0x80,
		8, 0, ctaIPV4Src, 0, 10, 0, 0, 1,
		8, 0, ctaIPV4Dst, 0, 10, 0, 0, 2}
	if _, err := decodeFlow(message); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { decodeFlow(message) }); n != 0 {
		t.Errorf("%v allocations for a flow, want 0", n)
	}
}

func TestAccountingIsReportedAndSwitchedOn(t *testing.T) {
	ns := newNamespace(t)
	conn := writer(t, ns)
	read := func() (snap FlowSnapshot) {
		in(t, ns, func() (err error) { snap, err = ReadFlows(t.Context()); return err })
		return snap
	}
	if err := ns.SetSysctl("net/netfilter/nf_conntrack_acct", "0"); err != nil {
		t.Fatal(err)
	}
	if read().Accounting {
		t.Error("accounting is reported although it is off")
	}
	in(t, ns, EnableAccounting)
	create(t, conn, numbered(1))
	if snap := read(); !snap.Accounting || snap.Flows.Len() != 1 {
		t.Errorf("after EnableAccounting: %+v", snap)
	}
}

func TestFlowsOfRealTrafficHaveNATAndBytes(t *testing.T) {
	newNamespace(t) // skips or fails where labs cannot be built
	l, err := lab.New(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	fw, client, web := l.Firewall, l.Host(lab.Client1), l.Host(lab.Web)
	if err := web.Serve(80); err != nil {
		t.Fatal(err)
	}
	in(t, fw.Namespace, EnableAccounting)
	var conn net.Conn
	in(t, client.Namespace, func() (err error) {
		conn, err = net.Dial("tcp", netip.AddrPortFrom(fw.V4, 8080).String())
		return err
	})
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err != nil { // the server's first words have passed
		t.Fatal(err)
	}
	var snap FlowSnapshot
	in(t, fw.Namespace, func() (err error) { snap, err = ReadFlows(t.Context()); return err })
	f, ok := seek(snap.Flows, func(f *Flow) bool { return f.Proto == ruleset.TCP && f.Orig.Src == client.V4 })
	if !ok {
		t.Fatal("no flow of the client")
	}
	if f.Orig.Dst != fw.V4 || f.Orig.DstPort != 8080 || f.Reply.Src != web.V4 || f.Reply.SrcPort != 80 {
		t.Errorf("directions are %+v and %+v, want %s:8080 answered by %s:80", f.Orig, f.Reply, fw.V4, web.V4)
	}
	if !f.DstNAT || f.SrcNAT || f.State != "ESTABLISHED" || !f.Assured {
		t.Errorf("flow is %+v, want it established with destination NAT", f)
	}
	if f.OrigCount.Packets < 2 || f.ReplyCount.Bytes < 60 {
		t.Errorf("counted %+v and %+v, want a handshake and some words at least", f.OrigCount, f.ReplyCount)
	}
}

func TestNativeFlowsAreThoseThatTheyWereReadFrom(t *testing.T) {
	for _, c := range everyKind() {
		f := flowOf(&c)
		n := f.Native()
		if diff := cmp.Diff([]Tuple{f.Orig, f.Reply}, []Tuple{tupleOf(n.TupleOrig), tupleOf(n.TupleReply)}, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%v: %s", f.Orig, diff)
		}
	}
}
