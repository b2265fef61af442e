package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// explainFlags say which rules a packet is walked through, and what is told
// beside the way.
type explainFlags struct {
	in, out    string
	live, both bool
	whyNot     rowFlag
	trace      traceFlags
}

func (a *app) explainCommand() *cobra.Command {
	var flags explainFlags
	cmd := a.jsonFlag(&cobra.Command{
		Use:   "explain SRC DST PROTO[/PORT]",
		Short: "walk a packet through the rules",
		Long: `explain walks the first packet of a connection through the compiled tables, with
--live through the rules that run, or with --both through the rules that run and
those that an apply of the tables would leave, side by side. It prints each rule
that the packet met, the table row it came from, and the verdict. The interfaces are
taken from the routes of this host unless named; FW as --in is this host as the
sender, as --out as the receiver. --why-not ROW says why that row did not decide. It ends with 0 when the
packet is accepted, with --both after the apply, 1 when not, and 2 when it cannot
tell.

With --trace the kernel then tells, for so long, which rules real packets with these
addresses, protocol and port meet, from whatever source port: at most 100 of them.
For that rules with TRACE stand in the raw table meanwhile. They change no verdict,
end by themselves, and nothing can be applied until then.`,
		Example:     "  mfwtui explain 203.0.113.9 198.51.100.4 tcp/22 --in eth0\n  mfwtui explain 2001:db8::9 fd00:10::20 icmp --both --why-not rules:12\n  mfwtui explain 203.0.113.9 198.51.100.4 tcp/443 --live --trace 10s",
		Args:        arguments(3, 3),
		Annotations: map[string]string{oneIsAnAnswer: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.live && flags.both {
				return errors.New("--both has the rules that run too; leave out --live")
			}
			if err := flags.trace.check(cmd); err != nil {
				return err
			}
			return a.explain(cmd, args, flags)
		},
	})
	f := cmd.Flags()
	f.StringVar(&flags.in, "in", "", "interface that the packet comes in by")
	f.StringVar(&flags.out, "out", "", "interface that it leaves by, or FW")
	f.BoolVar(&flags.live, "live", false, "the rules that run, not the tables")
	f.BoolVar(&flags.both, "both", false, "the rules that run and those after an apply, side by side")
	f.Var(&flags.whyNot, "why-not", "say why this row did not decide, for example rules:12")
	flags.trace.add(cmd)
	return cmd
}

func (a *app) explain(cmd *cobra.Command, args []string, flags explainFlags) error {
	p, err := parsePacket(args[0], args[1], args[2])
	if err != nil {
		return err
	}
	if n, err := strconv.ParseUint(args[2], 10, 8); err == nil {
		a.note("%d is read as the number of a protocol; a port is written tcp/%d", n, n)
	}
	e := a.engine()
	p.In = flags.in
	if flags.both {
		return a.explainBoth(cmd, e, p, flags)
	}
	if p, err = e.Arriving(engine.Question{Packet: p, Out: flags.out}); err != nil {
		return err
	}
	x, err := a.explanation(cmd, e, p, flags.out, flags.live)
	if err != nil {
		return err
	}
	if err := a.tellExplanation(cmd, e, p, x, flags); err != nil {
		return err
	}
	return acceptance(x)
}

// acceptance ends explain with what the verdict says.
func acceptance(x *engine.Explanation) error {
	if x.Outcome != ruleset.Accepted {
		return exit(1)
	}
	return nil
}

// tellExplanation prints the simulated way of a packet, and what real ones met
// when that is asked for.
func (a *app) tellExplanation(cmd *cobra.Command, e *engine.Engine, p ruleset.Packet, x *engine.Explanation, flags explainFlags) error {
	var why *engine.WhyNotRecord
	if row := engine.RowRef(flags.whyNot); row.Line > 0 {
		id, _ := x.RowID(row)
		why = &engine.WhyNotRecord{Row: row.String(), Reason: x.WhyNot(id).Words}
	}
	if !a.asJSON {
		if err := a.printExplanation(x); err != nil {
			return err
		}
		if why != nil {
			fmt.Fprintf(a.out, "why not %s: %s\n", why.Row, visible(why.Reason))
		}
		return a.tellTrace(cmd, e, p, flags.trace)
	}
	out := struct {
		engine.ExplainRecord
		Trace *engine.TraceRecord `json:"trace,omitempty"`
	}{ExplainRecord: x.Record()}
	out.WhyNot = why
	var err error
	if out.Trace, err = a.traceRecord(cmd, e, p, flags.trace); err != nil {
		return err
	}
	return a.json(out)
}

func (a *app) explanation(cmd *cobra.Command, e *engine.Engine, p ruleset.Packet, out string, live bool) (*engine.Explanation, error) {
	if live {
		if err := needsNetAdmin(cmd); err != nil {
			return nil, err
		}
		return e.ExplainLive(cmd.Context(), p, out)
	}
	set, err := a.load(e)
	if err != nil {
		return nil, err
	}
	compiled, problems := e.Compile(set)
	if compiled == nil {
		a.problems(a.err, problems)
		return nil, errSaid
	}
	return e.Explain(set, compiled, p, out), nil
}

// protocols are the names that PROTO may have; a number is taken too.
var protocols = map[string]uint8{
	"icmp": ruleset.ICMP, "igmp": ruleset.IGMP, "tcp": ruleset.TCP, "udp": ruleset.UDP,
	"gre": 47, "esp": 50, "ah": 51, "icmpv6": ruleset.ICMPv6, "ospf": 89, "sctp": 132,
}

// parsePacket reads the arguments of explain. For ICMP the port is the type,
// an echo request when absent.
func parsePacket(src, dst, proto string) (ruleset.Packet, error) {
	var p ruleset.Packet
	var err error
	if p.Src, err = netip.ParseAddr(src); err != nil {
		return p, fmt.Errorf("source %q: not an address", src)
	}
	if p.Dst, err = netip.ParseAddr(dst); err != nil {
		return p, fmt.Errorf("destination %q: not an address", dst)
	}
	if p.Src.Is4() != p.Dst.Is4() {
		return p, fmt.Errorf("%s and %s are not of one family", src, dst)
	}
	name, port, hasPort := strings.Cut(strings.ToLower(proto), "/")
	if name == "icmp" && p.Src.Is6() {
		name = "icmpv6"
	}
	num, known := protocols[name]
	if !known {
		n, err := strconv.ParseUint(name, 10, 8)
		if err != nil {
			return p, fmt.Errorf("protocol %q: write tcp/PORT, udp/PORT, icmp, or a number", proto)
		}
		num = uint8(n)
	}
	p.Proto = num
	return p, setPort(&p, proto, port, hasPort)
}

func setPort(p *ruleset.Packet, proto, port string, hasPort bool) error {
	n, err := strconv.ParseUint(port, 10, 16)
	if hasPort && err != nil {
		return fmt.Errorf("port %q: not a number from 0 to 65535", port)
	}
	switch p.Proto {
	case ruleset.TCP, ruleset.UDP:
		if !hasPort {
			return fmt.Errorf("protocol %q: write the port, for example %s/443", proto, proto)
		}
		p.SrcPort, p.DstPort = 40000, uint16(n) // any port that is not privileged
		if p.Proto == ruleset.TCP {
			p.TCPFlags = 0x02 // SYN
		}
	case ruleset.ICMP:
		p.ICMPType = 8
	case ruleset.ICMPv6:
		p.ICMPType = 128
	}
	if hasPort && (p.Proto == ruleset.ICMP || p.Proto == ruleset.ICMPv6) {
		p.ICMPType = uint8(n)
	}
	return nil
}

func (a *app) printExplanation(x *engine.Explanation) error {
	rows := [][]string{{"", "TABLE", "CHAIN", "N", "RULE", "ROW"}}
	for _, s := range x.Steps {
		rows = append(rows, stepRow(x, s))
	}
	if err := a.table(rows); err != nil {
		return err
	}
	for _, line := range endWords(x) {
		fmt.Fprintln(a.out, line)
	}
	a.printNotSimulated()
	return nil
}

// endWords say what came out of a walk, and what it could not judge.
func endWords(x *engine.Explanation) []string {
	lines := []string{visible(string(x.Outcome) + decidedBy(x))}
	if x.DNATed {
		lines = append(lines, "destination becomes "+endpoint(x.Packet.Dst, x.Packet.DstPort))
	}
	if x.SNATed {
		lines = append(lines, "source becomes "+endpoint(x.Packet.Src, x.Packet.SrcPort))
	}
	if x.Masqueraded {
		lines = append(lines, visible("source becomes the address of "+x.Packet.Out))
	}
	for _, d := range x.Doubts {
		lines = append(lines, visible("not judged: "+d.Table+" "+d.Chain+": "+d.Why))
	}
	return lines
}

// printNotSimulated says what no walk takes into account.
func (a *app) printNotSimulated() {
	fmt.Fprintln(a.out, "not simulated: "+strings.Join(engine.NotSimulated(), "; "))
}

// stepRow is a rule that was met and how it answered.
func stepRow(x *engine.Explanation, s ruleset.Step) []string {
	if s.Rule == nil {
		return []string{s.Matched.String(), s.Table, s.Chain, "", "policy", ""}
	}
	ref, text := x.Row(s)
	where := text
	if ref.Line > 0 {
		where = ref.String() + "  " + text
	}
	return []string{s.Matched.String(), s.Table, s.Chain, strconv.Itoa(s.Index + 1), s.Rule.Spec(x.Packet.Family()), where}
}

func decidedBy(x *engine.Explanation) string {
	words := ""
	if x.With != "" {
		words = " with " + x.With
	}
	if by := x.DeciderWords(); by != "" {
		return words + " by " + by
	}
	if len(x.Path) == 0 {
		return words
	}
	last := x.Path[len(x.Path)-1]
	if last.Rule == nil {
		return words + fmt.Sprintf(" by the policy of %s %s", last.Table, last.Chain)
	}
	return words + fmt.Sprintf(" by rule %d of %s %s, which is not ours", last.Index+1, last.Table, last.Chain)
}
