package live

import (
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func TestAListGivesBackEveryFlowAsItWas(t *testing.T) {
	addr := netip.MustParseAddr
	full := Flow{
		ID: 7, Family: ruleset.V4, Proto: ruleset.TCP, State: "ESTABLISHED", Assured: true, Replied: true, SrcNAT: true, Mark: 9, Zone: 3,
		Orig:      Tuple{addr("10.0.0.1"), addr("192.0.2.1"), 40000, 443},
		Reply:     Tuple{addr("192.0.2.1"), addr("198.51.100.4"), 443, 50000},
		Timeout:   5 * time.Minute,
		OrigCount: ruleset.Counters{Packets: 1 << 40, Bytes: 1 << 50}, ReplyCount: ruleset.Counters{Packets: 2, Bytes: 3},
		Start: time.Unix(100, 5), FirstSeen: time.Unix(200, 0), Rate: 1.5,
	}
	six := Flow{
		ID: 8, Family: ruleset.V6, Proto: ruleset.UDP, State: "UNREPLIED",
		Orig:  Tuple{addr("2001:db8::1"), addr("2001:db8::2"), 1, 2},
		Reply: Tuple{addr("2001:db8::2"), addr("2001:db8::1"), 2, 1},
	}
	translated := six
	translated.DstNAT, translated.Reply.Src = true, addr("fd00::20")
	mapped := six
	mapped.Orig.Src, mapped.Reply.Dst = addr("::ffff:10.0.0.1"), addr("::ffff:10.0.0.1")
	flows := map[string]Flow{
		"every field": full, "IPv6": six, "IPv6 translated": translated, "IPv4 inside IPv6": mapped,
		"from no address":   {Family: ruleset.V4, Proto: ruleset.UDP, Orig: Tuple{Src: addr("0.0.0.0"), Dst: addr("255.255.255.255")}},
		"without a reply":   {Family: ruleset.V6, Orig: six.Orig},
		"without addresses": {Family: ruleset.V4, Proto: 47},
	}
	for name, want := range flows {
		got := ListFlows(want).At(0)
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestATranslatedReplyGoesWhenAnotherFlowTakesItsPlace(t *testing.T) {
	addr := netip.MustParseAddr
	plain := Flow{ID: 1, Family: ruleset.V6, Orig: Tuple{Src: addr("2001:db8::1"), Dst: addr("2001:db8::2")}}
	plain.Reply = Tuple{Src: plain.Orig.Dst, Dst: plain.Orig.Src}
	translated := plain
	translated.ID, translated.Reply.Src = 2, addr("fd00::20")
	var table flowTable
	table.replace(time.Unix(1, 0), []Flow{translated, plain})
	table.remove(&translated)
	if got := table.list.At(0).Reply.Src; got != plain.Reply.Src {
		t.Errorf("answers come from %s, want %s", got, plain.Reply.Src)
	}
	if n := len(table.list.blocks[0].replies); n != 0 {
		t.Errorf("%d replies are kept, want none", n)
	}
}

// The size is what the memory of the console rests upon.
func TestABlockFillsItsSizeClasses(t *testing.T) {
	if size := unsafe.Sizeof(*block{}.who); size != 32<<10 {
		t.Errorf("the names of a block take %d bytes, want 32 kB", size)
	}
	if size := unsafe.Sizeof(*block{}.what); size != 24<<10 {
		t.Errorf("the values of a block take %d bytes, want 24 kB", size)
	}
}
