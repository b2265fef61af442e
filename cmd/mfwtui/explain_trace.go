package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// traceFlags ask for real packets beside the simulated one.
type traceFlags struct {
	window  time.Duration // 0: do not
	replies bool
}

func (f *traceFlags) add(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&f.window, "trace", 0, "let the kernel tell about real packets like it for so long, for example 10s")
	cmd.Flags().BoolVar(&f.replies, "replies", false, "with --trace: the packets of the other direction too")
}

func (f *traceFlags) check(cmd *cobra.Command) error {
	switch {
	case f.window > 0 && f.window <= engine.MaxTraceFor:
		return needsRoot(cmd)
	case f.window < 0 || f.window > engine.MaxTraceFor:
		return fmt.Errorf("trace %s: must be at most %s", f.window, engine.MaxTraceFor)
	case f.replies && f.window == 0:
		return fmt.Errorf("replies are heard with --trace only; add for example --trace 10s")
	}
	return nil
}

// tracePackets hears of real packets that are like the one explained, from
// whatever source port.
func (a *app) tracePackets(cmd *cobra.Command, e *engine.Engine, p ruleset.Packet, f traceFlags) (*engine.PacketTrace, error) {
	a.note("the kernel tells of such packets for %s; nothing is judged otherwise meanwhile", f.window)
	return e.TracePackets(cmd.Context(), engine.TraceRequest{
		Src: p.Src, Dst: p.Dst, Proto: p.Proto, DstPort: p.DstPort, Replies: f.replies, For: f.window,
	})
}

func (a *app) printTrace(t *engine.PacketTrace) error {
	fmt.Fprintln(a.out)
	if len(t.Packets) == 0 {
		fmt.Fprintln(a.out, "no such packet came")
	}
	for _, w := range t.Ways() {
		fmt.Fprintln(a.out, wayWords(w))
		rows := [][]string{{"TABLE", "CHAIN", "N", "RULE", "ROW", "DOES"}}
		for _, s := range w.First.Steps {
			rows = append(rows, tracedRow(t, s, ruleset.OfAddr(w.First.From.Src)))
		}
		if err := a.table(rows); err != nil {
			return err
		}
		fmt.Fprintln(a.out, visible(tracedVerdict(t, w.First)))
	}
	for _, note := range traceNotes(t) {
		fmt.Fprintln(a.out, note)
	}
	return nil
}

// wayWords says which packets went one way.
func wayWords(w engine.PacketWay) string {
	p := w.First
	packets := "1 packet"
	if w.Count > 1 {
		packets = fmt.Sprintf("%d packets, the first", w.Count)
	}
	words := fmt.Sprintf("%s at %s: %s %s > %s", packets, p.At.Format("15:04:05.000"), protoName(p.From.Proto),
		endpoint(p.From.Src, p.From.SrcPort), endpoint(p.From.Dst, p.From.DstPort))
	if p.In != "" {
		words += " in " + p.In
	}
	if p.Out != "" {
		words += " out " + p.Out
	}
	return visible(words)
}

func tracedRow(t *engine.PacketTrace, s engine.TraceStep, f ruleset.Family) []string {
	number, rule := "", "end of the chain"
	switch {
	case s.Policy:
		rule = "policy"
	case s.Rule != nil:
		rule = s.Rule.Spec(f)
	case s.Index >= 0:
		rule = "a rule that iptables does not show"
	}
	if s.Index >= 0 {
		number = strconv.Itoa(s.Index + 1)
	}
	ref, text := t.Row(s)
	if ref.Line > 0 {
		text = ref.String() + "  " + text
	}
	return []string{s.Table, s.Chain, number, rule, text, s.Verdict}
}

// tracedVerdict says what became of a packet, and what translation made of it.
func tracedVerdict(t *engine.PacketTrace, p *engine.TracedPacket) string {
	outcome, with := p.Outcome()
	words := string(outcome)
	if outcome == "" {
		words = "no rule stopped it, and none of the filter table was met"
	}
	if with != "" {
		words += " with " + with
	}
	if by := t.By(p); by != "" && outcome != "" {
		words += " by " + by
	}
	if p.To.Dst != p.From.Dst || p.To.DstPort != p.From.DstPort {
		words += ", destination became " + endpoint(p.To.Dst, p.To.DstPort)
	}
	return words
}

func traceNotes(t *engine.PacketTrace) (notes []string) {
	if t.Overruns > 0 {
		notes = append(notes, "the kernel told more than could be read: some rules are missing above")
	}
	if t.Shifted {
		notes = append(notes, "the rules changed meanwhile: those above may be neighbours of the right ones")
	}
	return notes
}

// traceJSON is what real packets met, as --json prints it.
type traceJSON struct {
	Packets  int       `json:"packets"`
	Overruns int       `json:"overruns"`
	Shifted  bool      `json:"rules_changed"`
	Ways     []wayJSON `json:"ways"`
}

type wayJSON struct {
	Packets int              `json:"packets"`
	First   time.Time        `json:"first"`
	Last    time.Time        `json:"last"`
	Proto   string           `json:"proto"`
	Src     string           `json:"source"`
	Dst     string           `json:"destination"`
	ToDst   string           `json:"destination_became,omitempty"`
	In      string           `json:"in,omitempty"`
	Out     string           `json:"out,omitempty"`
	Verdict string           `json:"verdict"`
	With    string           `json:"with,omitempty"`
	By      string           `json:"by,omitempty"`
	Steps   []tracedStepJSON `json:"steps"`
}

type tracedStepJSON struct {
	Table string `json:"table"`
	Chain string `json:"chain"`
	Index int    `json:"index,omitempty"`
	ID    string `json:"id,omitempty"`
	Row   string `json:"row,omitempty"`
	Rule  string `json:"rule"`
	Does  string `json:"does"`
}

func traceJSONOf(t *engine.PacketTrace) *traceJSON {
	out := &traceJSON{Packets: len(t.Packets), Overruns: t.Overruns, Shifted: t.Shifted, Ways: []wayJSON{}}
	for _, w := range t.Ways() {
		out.Ways = append(out.Ways, wayJSONOf(t, w))
	}
	return out
}

func wayJSONOf(t *engine.PacketTrace, w engine.PacketWay) wayJSON {
	p := w.First
	outcome, with := p.Outcome()
	one := wayJSON{
		Packets: w.Count, First: p.At, Last: w.Last, Proto: protoName(p.From.Proto),
		Src: endpoint(p.From.Src, p.From.SrcPort), Dst: endpoint(p.From.Dst, p.From.DstPort),
		In: p.In, Out: p.Out, Verdict: string(outcome), With: with, By: t.By(p), Steps: []tracedStepJSON{},
	}
	if to := endpoint(p.To.Dst, p.To.DstPort); to != one.Dst {
		one.ToDst = to
	}
	for _, s := range p.Steps {
		cells := tracedRow(t, s, ruleset.OfAddr(p.From.Src))
		step := tracedStepJSON{Table: s.Table, Chain: s.Chain, Index: s.Index + 1, Rule: cells[3], Does: s.Verdict}
		if s.Rule != nil {
			ref, _ := t.Row(s)
			step.ID, step.Row = s.Rule.ID, ref.String()
		}
		one.Steps = append(one.Steps, step)
	}
	return one
}
