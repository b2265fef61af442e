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

// tellTrace prints what real packets met, when that is asked for.
func (a *app) tellTrace(cmd *cobra.Command, e *engine.Engine, p ruleset.Packet, f traceFlags) error {
	if f.window == 0 {
		return nil
	}
	heard, err := a.tracePackets(cmd, e, p, f)
	if err != nil {
		return err
	}
	return a.printTrace(heard)
}

// traceRecord is what real packets met; nil when that is not asked for.
func (a *app) traceRecord(cmd *cobra.Command, e *engine.Engine, p ruleset.Packet, f traceFlags) (*engine.TraceRecord, error) {
	if f.window == 0 {
		return nil, nil
	}
	heard, err := a.tracePackets(cmd, e, p, f)
	if err != nil {
		return nil, err
	}
	record := heard.Record()
	return &record, nil
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
	number := ""
	if s.Index >= 0 {
		number = strconv.Itoa(s.Index + 1)
	}
	ref, text := t.Row(s)
	if ref.Line > 0 {
		text = ref.String() + "  " + text
	}
	return []string{s.Table, s.Chain, number, engine.RuleWords(s, f), text, s.Verdict}
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
