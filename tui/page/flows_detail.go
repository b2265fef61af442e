package page

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// sparkSeconds is how much of the past a sparkline shows.
const sparkSeconds = 60

// flowTrack is the recent past of the selected flow.
type flowTrack struct {
	key         flowKey
	at          time.Time
	orig, reply ruleset.Counters
	up, down    float64 // bytes per second each way
	rates       []float64
}

// follow notes what the selected flow did; it begins anew when another one is
// selected.
func (f *Flows) follow() {
	w := f.selected()
	if w == nil {
		f.track = flowTrack{}
		return
	}
	t := &f.track
	if key := keyOf(w); t.key != key || t.at.IsZero() {
		*t = flowTrack{key: key}
	}
	if took := f.snap.At.Sub(t.at).Seconds(); !t.at.IsZero() && took > 0 {
		t.up, t.down = grown(t.orig.Bytes, w.OrigCount.Bytes)/took, grown(t.reply.Bytes, w.ReplyCount.Bytes)/took
	} else if !t.at.IsZero() {
		return // the same snapshot
	}
	t.at, t.orig, t.reply = f.snap.At, w.OrigCount, w.ReplyCount
	t.rates = remember(t.rates, w.Rate)
}

// grown is by how much a counter grew; one that was set back did not.
func grown(was, now uint64) float64 { return float64(max(now, was) - was) }

// remember adds a value to the past, which is sparkSeconds long.
func remember(past []float64, v float64) []float64 {
	past = append(past, v)
	return past[max(len(past)-sparkSeconds, 0):]
}

// name is what the tables call an address; empty for none.
func (f *Flows) name(a netip.Addr) widget.Safe { return f.names.address(f.Desk.Config(), a) }

// pairName is what the tables call both ends of a flow, or the container that it
// really goes to; the service when there is no name for the addresses.
func (f *Flows) pairName(w *engine.Flow) widget.Safe {
	to, port := w.Orig.Dst, w.Orig.DstPort
	if _, ok := f.names.containers[w.Reply.Src]; ok {
		to, port = w.Reply.Src, w.Reply.SrcPort
	}
	src, dst := f.name(w.Orig.Src), f.name(to)
	if words.HasPorts(w) {
		if service := f.names.service(f.Desk.Config(), w.Proto, port); service != "" {
			dst += ":" + service
		}
	}
	if src == "" {
		return dst
	}
	return src + " > " + dst
}

// detail says everything about the selected flow, or group.
func (f *Flows) detail(width int) []string {
	if f.by != ungrouped {
		return f.groupDetail(width)
	}
	w := f.selected()
	if w == nil {
		if f.err != nil {
			return []string{f.line(width).Put(f.Styles.Bad, widget.Format(" %v", f.err)).String()}
		}
		if f.table.Len() > 0 {
			return []string{f.line(width).Put(f.Styles.Dim, " the filter keeps no flow; Esc drops it").String()}
		}
		return []string{f.line(width).Put(f.Styles.Dim, " no flows").String()}
	}
	lines := []string{f.line(width).Text(widget.Clean(" " + flowHead(w))).String()}
	orig, reply := paths(w)
	if !w.SrcNAT && !w.DstNAT {
		reply = "the same way back"
	}
	lines = append(lines, f.direction("orig ", widget.Clean(orig), w.OrigCount, f.track.up, width), f.direction("reply", widget.Clean(reply), w.ReplyCount, f.track.down, width))
	for _, text := range translations(w) {
		lines = append(lines, f.line(width).Put(f.Styles.Dim, widget.Clean(" "+text[:5])).Text(widget.Clean(text[5:])).String())
	}
	l := f.line(width)
	if v := f.verdict(); v != nil {
		l.Put(f.Styles.Dim, " rule  ").Text(widget.Clean(verdictText(v)))
	}
	if name := f.pairName(w); name != "" {
		l.Put(f.Styles.Dim, "  names ").Text(name)
	}
	if f.snap.Accounting {
		room := min(sparkSeconds, max(l.Left()-14, 0))
		l.End(f.Styles.Text, widget.Spark(f.track.rates, min(room, len(f.track.rates)), f.Styles.Glyphs)+" "+f.speed(w.Rate)+" ")
	}
	return append(lines, l.String())
}

// verdictText is what the live rules say about a flow as a new connection.
func verdictText(v *engine.FlowVerdict) string {
	by := cmp.Or(v.By, "none of our rules") // a policy, or a rule of others
	words := fmt.Sprintf("%s>%s %s by %s", v.From, v.To, v.Outcome, by)
	if !v.Exact {
		words += " (not sure: " + v.Doubt + ")"
	}
	return words
}

// unit is what rates are in.
func (f *Flows) unit() widget.Safe {
	if f.Bits {
		return "bit/s"
	}
	return "B/s"
}

// speed is a rate with its unit.
func (f *Flows) speed(rate float64) widget.Safe {
	if rate <= 0 {
		return "0" + f.unit()
	}
	return f.rate(rate) + f.unit()
}

// flowHead is the state of a flow.
func flowHead(w *engine.Flow) string {
	assured := ""
	if w.Assured {
		assured = " assured"
	}
	return fmt.Sprintf("%s %s%s  id %d  timeout %s  mark %#x  zone %d", words.Protocol(w), w.State, assured, w.ID, age(w.Timeout), w.Mark, w.Zone)
}

// paths are both directions of a flow in full.
func paths(w *engine.Flow) (orig, reply string) {
	ports := words.HasPorts(w)
	orig = string(words.Endpoint(w.Orig.Src, w.Orig.SrcPort, ports) + " > " + words.Endpoint(w.Orig.Dst, w.Orig.DstPort, ports))
	reply = string(words.Endpoint(w.Reply.Src, w.Reply.SrcPort, ports) + " > " + words.Endpoint(w.Reply.Dst, w.Reply.DstPort, ports))
	if w.Proto == ruleset.ICMP || w.Proto == ruleset.ICMPv6 {
		orig += fmt.Sprintf("  type %d code %d", w.Orig.DstPort>>8, w.Orig.DstPort&0xff)
	}
	return orig, reply
}

// translations say which address the flow really goes to and comes from.
func translations(w *engine.Flow) []string {
	var list []string
	ports := words.HasPorts(w)
	if w.DstNAT {
		list = append(list, "DNAT "+string(words.Endpoint(w.Orig.Dst, w.Orig.DstPort, ports)+" > "+words.Endpoint(w.Reply.Src, w.Reply.SrcPort, ports)))
	}
	if w.SrcNAT {
		list = append(list, "SNAT "+string(words.Endpoint(w.Orig.Src, w.Orig.SrcPort, ports)+" > "+words.Endpoint(w.Reply.Dst, w.Reply.DstPort, ports)))
	}
	return list
}

func (f *Flows) direction(name, path widget.Safe, n ruleset.Counters, rate float64, width int) string {
	l := f.line(width).Put(f.Styles.Dim, " "+name+" ").Text(path)
	if f.snap.Accounting {
		figures := widget.Format("%s %sB", shortPlural(n.Packets, "pkt"), short(float64(n.Bytes)))
		if rate > 0 {
			figures += " " + f.speed(rate)
		}
		l.End(f.Styles.Text, figures+" ")
	}
	return l.String()
}

func (f *Flows) groupDetail(width int) []string {
	g, ok := f.selectedGroup()
	if !ok {
		return []string{f.line(width).Put(f.Styles.Dim, " no flows").String()}
	}
	head := f.line(width).Put(f.Styles.Strong, widget.Format(" %s %s", groupingNames[g.by], g.name())).Text("  " + f.groupName(&g))
	sum := f.line(width).Text(widget.Format(" %s, %sB, ", words.Plural(g.flows, "flow"), short(float64(g.bytes)))).Text(f.speed(g.rate))
	lines := []string{head.String(), sum.String()}
	if filter := g.filter(); filter != "" {
		lines = append(lines, f.line(width).Put(f.Styles.Dim, widget.Format(" Enter shows them: /%s", filter)).String())
	}
	return lines
}

// flowText is a flow in full, as lines.
func flowText(w *engine.Flow) string {
	orig, reply := paths(w)
	lines := []string{
		flowHead(w),
		fmt.Sprintf("  orig  %s  %d packets %d bytes", orig, w.OrigCount.Packets, w.OrigCount.Bytes),
		fmt.Sprintf("  reply %s  %d packets %d bytes", reply, w.ReplyCount.Packets, w.ReplyCount.Bytes),
	}
	for _, t := range translations(w) {
		lines = append(lines, "  "+t)
	}
	return strings.Join(lines, "\n") + "\n"
}
