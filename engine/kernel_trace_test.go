package engine_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// tracedSite has rows that accept, translate, refuse and drop.
func tracedSite(s *site) {
	s.tables(map[tables.Kind]string{
		tables.Rules:    "ext FW ALL ALL ssh accept\next FW ALL ALL http reject\next FW ALL ALL https drop\nint ext ALL ALL ALL accept+nat\n",
		tables.Virtuals: virtualAlt,
	})
	s.apply()
}

// What the kernel tells of a packet is what the trace of the rules says of it:
// the same rules in the same order, the same verdict, row and translation. Nothing
// of the trace stays.
func TestTheKernelTellsWhatTheTraceSays(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		tracedSite(s)
		loggers := s.loggers()
		for _, c := range []struct {
			from, to, in string
			port         uint16
			ask          string
			by, want     string
		}{
			{from: lab.Client1, to: lab.Firewall, in: "eth0", port: 22, ask: "OPEN", by: "rules:1", want: "accept"},
			{from: lab.Client1, to: lab.Firewall, in: "eth0", port: 80, ask: "RST", by: "rules:2", want: "reject"},
			{from: lab.Client1, to: lab.Firewall, in: "eth0", port: 443, ask: "DROP", by: "rules:3", want: "drop"},
			{from: lab.Client1, to: lab.Firewall, in: "eth0", port: 8080, ask: "OPEN at inside:80", by: "virtuals:1", want: "accept"},
			{from: lab.Inside, to: lab.Client1, in: "eth1", port: 80, ask: "OPEN from firewall", by: "rules:4", want: "accept"},
			{from: lab.Client2, to: lab.Firewall, in: "eth0", port: 5, ask: "RST", by: "the final reject", want: "reject"},
		} {
			line := fmt.Sprintf("%s > %s tcp %d: %s", c.from, c.to, c.port, c.ask)
			questions := s.questions(line)
			for _, f := range ruleset.Families() {
				name := fmt.Sprintf("IP%s %s", f, line)
				p := ruleset.Packet{In: c.in, Src: s.addr(c.from, f), Dst: s.addr(c.to, f), Proto: ruleset.TCP, SrcPort: 40000, DstPort: c.port, TCPFlags: 2}
				heard := s.traced(engine.TraceRequest{Src: p.Src, Dst: p.Dst, Proto: p.Proto, DstPort: p.DstPort, Packets: 1, For: engine.MaxTraceFor},
					func() { s.askOne(questions[0], f, strings.Fields(c.ask)[0]) })
				if len(heard.Packets) != 1 || heard.Overruns != 0 || heard.Shifted {
					t.Errorf("%s: heard %+v, want one packet", name, heard)
					continue
				}
				got := &heard.Packets[0]
				var said *ruleset.Trace
				s.on(func() error { x, err := s.engine.ExplainLive(t.Context(), p, ""); said = x.Trace; return err })
				if diff := cmp.Diff(met(said, f), heardOf(got, f)); diff != "" {
					t.Errorf("%s: what the trace says, and what the kernel told:\n%s", name, diff)
				}
				outcome, with := got.Outcome()
				if outcome != said.Outcome || with != said.With || string(outcome) != c.want || heard.By(got) != c.by {
					t.Errorf("%s: %s %s by %q, the trace says %s %s, want %s by %q", name, outcome, with, heard.By(got), said.Outcome, said.With, c.want, c.by)
				}
				if got.In != c.in || got.From.Src != p.Src || got.From.Dst != p.Dst || got.From.DstPort != c.port ||
					got.To.Dst != said.Packet.Dst || got.To.DstPort != said.Packet.DstPort || !said.Local && got.Out != said.Packet.Out {
					t.Errorf("%s: %+v, want %+v", name, got, said.Packet)
				}
			}
		}
		s.untouched(loggers)
	})
}

// Both directions of a translated connection are told, also the answers that come
// from another address than was asked.
func TestTheKernelTellsOfRepliesToo(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		tracedSite(s)
		loggers := s.loggers()
		questions := s.questions("client1 > firewall tcp 8080: OPEN at inside:80")
		for _, f := range ruleset.Families() {
			client, asked, server := s.addr(lab.Client1, f), s.addr(lab.Firewall, f), s.addr(lab.Inside, f)
			heard := s.traced(engine.TraceRequest{Src: client, Dst: asked, Proto: ruleset.TCP, DstPort: 8080, Replies: true, Packets: 5, For: engine.MaxTraceFor},
				func() { s.askOne(questions[0], f, "OPEN") })
			var there, back int
			for i := range heard.Packets {
				switch p := &heard.Packets[i]; {
				case p.From.Src == client && p.From.Dst == asked && p.To.Dst == server:
					there++
				case p.From.Src == server && p.From.Dst == client && heard.By(p) == "established":
					back++
				default:
					t.Errorf("IP%s: %+v", f, p)
				}
			}
			if there == 0 || back == 0 {
				t.Errorf("IP%s: %d packets there, %d back", f, there, back)
			}
			if ways := heard.Ways(); len(ways) < 3 || len(ways) > len(heard.Packets) {
				t.Errorf("IP%s: %d ways of %d packets: the first, later ones, and answers go their own", f, len(ways), len(heard.Packets))
			}
		}
		s.untouched(loggers)
	})
}

// A trace does not wait for ever, may be cut short, and keeps out of the way of
// a trial.
func TestATraceEnds(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		tracedSite(s)
		loggers := s.loggers()
		none := engine.TraceRequest{Src: netip.MustParseAddr("198.51.100.99"), For: 300 * time.Millisecond}
		if heard := s.traced(none, func() {}); len(heard.Packets) != 0 {
			t.Errorf("heard %+v", heard.Packets)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			s.waitForTracing()
			cancel()
		}()
		none.For = engine.MaxTraceFor
		s.on(func() error {
			if _, err := s.engine.TracePackets(ctx, none); err == nil {
				t.Error("a trace that was cut short has no error")
			}
			return nil
		})
		s.untouched(loggers)
		s.rules(httpOnly)
		s.start(engine.ApplyRequest{Timeout: engine.MaxTimeout})
		s.on(func() error {
			if _, err := s.engine.TracePackets(t.Context(), none); err == nil {
				t.Error("a trace begins although a trial is pending")
			}
			return nil
		})
		s.on(func() error { _, err := s.engine.Reject(t.Context()); return err })
	})
}

// traced runs a trace on the firewall, and does something once it has begun.
func (s *site) traced(req engine.TraceRequest, do func()) *engine.PacketTrace {
	s.t.Helper()
	var heard *engine.PacketTrace
	done := make(chan error)
	go func() {
		done <- s.Firewall.Do(func() (err error) {
			heard, err = s.engine.TracePackets(s.t.Context(), req)
			return err
		})
	}()
	s.waitForTracing()
	do()
	s.must(<-done)
	return heard
}

// waitForTracing waits until rules trace.
func (s *site) waitForTracing() {
	for end := time.Now().Add(engine.MaxTraceFor); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		rs := s.live()
		for _, f := range ruleset.Families() {
			raw := rs.Tables(f).Table(ruleset.Raw)
			if raw != nil && slices.ContainsFunc(raw.Chain(ruleset.Output).Rules, func(r *ruleset.Rule) bool { return r.Target == ruleset.Traced{} }) {
				return
			}
		}
	}
}

// loggers are the loggers of the firewall.
func (s *site) loggers() (names [2]string) {
	s.t.Helper()
	s.on(func() error {
		for i, family := range []string{"2", "10"} {
			b, err := os.ReadFile("/proc/sys/net/netfilter/nf_log/" + family)
			if err != nil {
				return err
			}
			names[i] = string(b)
		}
		return nil
	})
	return names
}

// untouched fails the test when something of a trace is left.
func (s *site) untouched(loggers [2]string) {
	s.t.Helper()
	if left, err := plan.Rollback(s.live()); err != nil || len(left) > 0 {
		s.t.Errorf("left in the kernel: %v, %v", left, err)
	}
	if now := s.loggers(); now != loggers {
		s.t.Errorf("loggers %q, before %q", now, loggers)
	}
	s.inSync()
}

// met are the rules that a trace says match.
func met(x *ruleset.Trace, f ruleset.Family) (lines []string) {
	for _, s := range x.Steps {
		if s.Matched == ruleset.Yes && s.Rule != nil {
			lines = append(lines, fmt.Sprint(s.Table, " ", s.Chain, " ", s.Index, " ", s.Rule.Text(f)))
		}
	}
	return lines
}

func heardOf(p *engine.TracedPacket, f ruleset.Family) (lines []string) {
	for _, s := range p.Steps {
		if s.Rule != nil {
			lines = append(lines, fmt.Sprint(s.Table, " ", s.Chain, " ", s.Index, " ", s.Rule.Text(f)))
		}
	}
	return lines
}
