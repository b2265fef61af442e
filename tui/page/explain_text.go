package page

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/words"
)

// Copied is the whole explanation as text.
func (e *Explain) Copied() string {
	if len(e.ways) == 0 {
		return ""
	}
	var b strings.Builder
	for i, name := range fieldNames {
		if e.form[i] != "" {
			fmt.Fprintf(&b, "%s %s  ", name, e.form[i])
		}
	}
	fmt.Fprintf(&b, "IP%s\n", e.ways[0].Packet.Family())
	for side, name := range []string{"live", "staged"} {
		if x := e.explained(side); x != nil {
			fmt.Fprintf(&b, "\n%s\n%s", name, explanationText(x))
		}
	}
	return b.String() + e.traceText()
}

// explanationText is a way rule by rule, and what came out.
func explanationText(x *engine.Explanation) string {
	var b strings.Builder
	f := x.Packet.Family()
	for _, s := range x.Steps {
		ref, text := x.Row(s)
		row := ref.String()
		if ref.Line > 0 {
			row += " " + text
		}
		fmt.Fprintf(&b, "  %-3s %s %s %d  %s", s.Matched, s.Table, s.Chain, s.Index+1, s.Rule.Spec(f))
		if row != "" {
			b.WriteString("  # " + row)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "  %s %s\n", strings.TrimSpace(strings.ToUpper(string(x.Outcome))+" "+x.With), decidedBy(x))
	if x.DNATed {
		fmt.Fprintf(&b, "  destination becomes %s\n", words.Endpoint(x.Packet.Dst, x.Packet.DstPort, hasPortsProto(x.Packet.Proto)))
	}
	for _, d := range x.Doubts {
		fmt.Fprintf(&b, "  not judged: %s %s: %s\n", d.Table, d.Chain, d.Why)
	}
	return b.String()
}
