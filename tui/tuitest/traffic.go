package tuitest

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// seconds is how long the site has been running.
func (s *Site) seconds() float64 { return s.Now().Sub(s.began).Seconds() + 3600 }

// pace is a made-up rate for the n-th thing, between nothing and a few hundred
// a second, with a wave over time.
func pace(n int, at float64) float64 {
	if n%5 == 4 {
		return 0
	}
	return float64((n*2654435761)%997) / 7 * (1 + 0.5*float64((int(at)+n*7)%10)/10)
}

// Counters gives each rule a rate of its own.
func (s *Site) Counters(ctx context.Context) (engine.CounterSnapshot, error) {
	if err := s.enter("Counters"); err != nil {
		return engine.CounterSnapshot{}, err
	}
	at := s.seconds()
	snap := engine.CounterSnapshot{At: s.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	set, _ := tables.Load(s.Files)
	for _, k := range []tables.Kind{tables.Rules, tables.Virtuals} {
		for i, l := range set.File(k).Lines {
			if !l.IsRow() {
				continue
			}
			row := engine.RowCounter{ID: rowID(l.Texts()), Text: strings.Join(l.Texts(), " ") + s.Taint, Rate: pace(i, at)}
			row.Row.Kind, row.Row.Line = k, i+1
			row.V4, row.V6 = counted(row.Rate*0.9, at), counted(row.Rate*0.1, at)
			snap.Rows = append(snap.Rows, row)
		}
	}
	for i, name := range []string{"established", "lo", "icmp", "reject"} {
		row := engine.RowCounter{ID: name, Rate: pace(i+1, at), V4: counted(pace(i+1, at), at)}
		row.Row.Name = name
		snap.Rows = append(snap.Rows, row)
	}
	snap.Chains, snap.Since = s.chainCounters(at), s.since
	return snap, nil
}

func counted(rate, seconds float64) ruleset.Counters {
	n := uint64(rate * seconds)
	return ruleset.Counters{Packets: n, Bytes: n * 640}
}

func (s *Site) chainCounters(at float64) []engine.ChainCounter {
	var list []engine.ChainCounter
	for _, f := range ruleset.Families() {
		n := 0
		for _, t := range *s.live.Tables(f) {
			for _, c := range t.Chains {
				owner := ownerOf(c.Name)
				if c.Policy != "" {
					list = append(list, engine.ChainCounter{Family: f, Table: t.Name, Chain: c.Name + s.Taint, Owner: owner, Words: "policy " + c.Policy})
				}
				for i, r := range c.Rules {
					n++
					rate := pace(n, at) / float64(f) // fewer packets over IPv6
					list = append(list, engine.ChainCounter{
						Family: f, Table: t.Name, Chain: c.Name + s.Taint, Owner: owner, Index: i + 1, ID: r.ID,
						Words: r.Spec(f) + s.Taint, Count: counted(rate, at), Rate: rate, Container: containerOf(r, s.Taint),
					})
				}
			}
		}
	}
	return list
}

// containerOf is the container of the sample that a rule is about.
func containerOf(r *ruleset.Rule, taint string) string {
	for _, c := range sampleContainers(taint) {
		for _, n := range c.Networks {
			if n.V4 == r.Dst.Prefix.Addr() {
				return c.Name
			}
		}
	}
	return ""
}

func ownerOf(chain string) string {
	switch {
	case strings.HasPrefix(chain, "DOCKER") && !strings.Contains(chain, "_"):
		return "docker"
	case chain == ruleset.Forward:
		return "built-in"
	case strings.HasPrefix(chain, "f2b"):
		return "foreign"
	}
	return "ours"
}

// Flows makes FlowCount flows. From one second to the next a third of them
// moves bytes and a few overtake a neighbour, which is the load that the byte
// budgets of the console are measured with.
func (s *Site) Flows(ctx context.Context) (engine.FlowSnapshot, error) {
	if err := s.enter("Flows"); err != nil {
		return engine.FlowSnapshot{}, err
	}
	now, tick := s.Now(), int(s.seconds())
	snap := engine.FlowSnapshot{At: now, Accounting: !s.NoAccounting, Max: 262144, Resyncs: s.Resyncs}
	for i := range s.FlowCount {
		f := sampleFlow(i, tick, now, snap.Accounting)
		snap.Flows.Append(&f)
	}
	return snap, nil
}

func sampleFlow(i, tick int, now time.Time, count bool) engine.Flow {
	w := engine.Flow{ID: uint32(i + 1), Family: ruleset.V4, Proto: ruleset.TCP, State: "ESTABLISHED", Assured: true, Replied: true, Timeout: 431998 * time.Second}
	w.FirstSeen = now.Add(-time.Duration((i*i*31)%90000) * time.Second)
	if i%4 == 3 {
		w.Family = ruleset.V6
	}
	w.Orig.Src, w.Orig.SrcPort = sampleAddr(w.Family, 203<<24|113<<8, i), uint16(40000+i%20000)
	w.Orig.Dst, w.Orig.DstPort = sampleAddr(w.Family, 198<<24|51<<16|100<<8, i%6), []uint16{443, 22, 25, 80, 8080}[i%5]
	w.Reply.Src, w.Reply.SrcPort, w.Reply.Dst, w.Reply.DstPort = w.Orig.Dst, w.Orig.DstPort, w.Orig.Src, w.Orig.SrcPort
	switch i % 11 {
	case 3:
		w.DstNAT, w.Reply.Src = true, sampleAddr(w.Family, 172<<24|17<<16, 5)
	case 5:
		w.Proto, w.State, w.Timeout = ruleset.UDP, "UNREPLIED", 28*time.Second
	case 7:
		w.Proto, w.State, w.Orig.SrcPort, w.Orig.DstPort = ruleset.ICMP, "REPLIED", 7, 8<<8
	case 9:
		w.State, w.Assured = "SYN_RECV", false
	}
	if count {
		moved := tick - (tick+i)%3 // each flow moves every third second
		rate := 1e6 / float64(i+1) * (1 + 0.2*float64((i*13+moved)%7))
		w.Rate = rate
		w.OrigCount = ruleset.Counters{Packets: uint64(rate/640) * uint64(moved), Bytes: uint64(rate * float64(moved) * 0.9)}
		w.ReplyCount = ruleset.Counters{Packets: uint64(rate/1280) * uint64(moved), Bytes: uint64(rate * float64(moved) * 0.1)}
	}
	return w
}

func sampleAddr(f ruleset.Family, base uint32, n int) netip.Addr {
	if f == ruleset.V6 {
		b := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 5: byte(base >> 24), 7: 9}
		binary.BigEndian.PutUint32(b[12:], uint32(n+7))
		return netip.AddrFrom16(b)
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], base+uint32(n))
	return netip.AddrFrom4(b)
}
