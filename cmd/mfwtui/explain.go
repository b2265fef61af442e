package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func (a *app) explainCommand() *cobra.Command {
	var in, out string
	var live bool
	var trace traceFlags
	cmd := a.jsonFlag(&cobra.Command{
		Use:   "explain SRC DST PROTO[/PORT]",
		Short: "walk a packet through the rules",
		Long: `explain walks the first packet of a connection through the compiled tables, or with
--live through the rules that run, and prints each rule that it met, the table row
it came from, and the verdict. The interfaces are taken from the routes of this
host unless named. It ends with 0 when the packet is accepted, 1 when not, and 2
when it cannot tell.

With --trace the kernel then tells, for so long, which rules real packets with these
addresses, protocol and port meet, from whatever source port: at most 100 of them.
For that rules with TRACE stand in the raw table meanwhile. They change no verdict,
end by themselves, and nothing can be applied until then.`,
		Example:     "  mfwtui explain 203.0.113.9 198.51.100.4 tcp/22 --in eth0\n  mfwtui explain 2001:db8::9 fd00:10::20 icmp --live\n  mfwtui explain 203.0.113.9 198.51.100.4 tcp/443 --live --trace 10s",
		Args:        arguments(3, 3),
		Annotations: map[string]string{oneIsAnAnswer: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := trace.check(cmd); err != nil {
				return err
			}
			return a.explain(cmd, args, in, out, live, trace)
		},
	})
	cmd.Flags().StringVar(&in, "in", "", "interface that the packet comes in by")
	cmd.Flags().StringVar(&out, "out", "", "interface that it leaves by, or FW")
	cmd.Flags().BoolVar(&live, "live", false, "the rules that run, not the tables")
	trace.add(cmd)
	return cmd
}

func (a *app) explain(cmd *cobra.Command, args []string, in, out string, live bool, trace traceFlags) error {
	p, err := parsePacket(args[0], args[1], args[2])
	if err != nil {
		return err
	}
	e := a.engine()
	if p.In = in; in == "" {
		if p.In, err = e.Ingress(p.Src); err != nil {
			return err
		}
	}
	x, err := a.explanation(cmd, e, p, out, live)
	if err != nil {
		return err
	}
	if err := a.tellExplanation(cmd, e, p, x, trace); err != nil {
		return err
	}
	if x.Outcome != ruleset.Accepted {
		return exit(1)
	}
	return nil
}

// tellExplanation prints the simulated way of a packet, and what real ones met
// when that is asked for.
func (a *app) tellExplanation(cmd *cobra.Command, e *engine.Engine, p ruleset.Packet, x *engine.Explanation, trace traceFlags) error {
	if !a.asJSON {
		if err := a.printExplanation(x); err != nil || trace.window == 0 {
			return err
		}
		heard, err := a.tracePackets(cmd, e, p, trace)
		if err != nil {
			return err
		}
		return a.printTrace(heard)
	}
	out := struct {
		engine.ExplainRecord
		Trace *traceJSON `json:"trace,omitempty"`
	}{ExplainRecord: x.Record()}
	if trace.window > 0 {
		heard, err := a.tracePackets(cmd, e, p, trace)
		if err != nil {
			return err
		}
		out.Trace = traceJSONOf(heard)
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
	fmt.Fprintf(a.out, "%s%s\n", x.Outcome, decidedBy(x))
	if x.DNATed {
		fmt.Fprintf(a.out, "destination becomes %s\n", endpoint(x.Packet.Dst, x.Packet.DstPort))
	}
	if x.Masqueraded {
		fmt.Fprintf(a.out, "source becomes the address of %s\n", x.Packet.Out)
	}
	for _, d := range x.Doubts {
		fmt.Fprintf(a.out, "not judged: %s %s: %s\n", d.Table, d.Chain, visible(d.Why))
	}
	return nil
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
	if row := x.Decider().String(); row != "" {
		return words + " by " + row
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
