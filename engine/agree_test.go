package engine_test

import (
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ti-mo/conntrack"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// TestTraceAndKernelAgree loads random tables for real and sends random packets,
// and holds the packet trace of the compiled rules to what becomes of them: who
// answers or refuses and how, and what NAT made of the packet on its way. Seed n
// makes the n-th set of tables; every fourth is for the same lab.
//
// The packets are connections and datagrams of ordinary sockets, answered by
// servers that tell whom they see. The counters of the rules say no more than
// which rule was met, neither that the packet arrived nor how it looked then; but
// they say that exactly, so they must have moved where the trace says, and
// nowhere else.
func TestTraceAndKernelAgree(t *testing.T) {
	needs(t)
	const sets, packets = 504, 20
	labs := []lab.Options{
		{Backend: host.NFT, NoDocker: true}, {Backend: host.Legacy, NoDocker: true},
		{Backend: host.NFT, Docker6: true}, {Backend: host.Legacy},
		{Backend: host.NFT, DockerNFT: true}, {Backend: host.Legacy, DockerNFT: true},
	}
	var seen tally
	t.Run("labs", func(t *testing.T) {
		for i, opts := range labs {
			t.Run(fmt.Sprintf("%s-docker=%t-nftables=%t", opts.Backend, !opts.NoDocker, opts.DockerNFT), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, opts)
				for seed := i; seed < sets; seed += len(labs) {
					r := rand.New(rand.NewPCG(uint64(seed), 2))
					rules, before := w.enforce(randomTables(r))
					shots := w.volley(r, rules, packets)
					for _, wrong := range w.miscounted(explained(shots), before) {
						t.Errorf("seed %d: %s", seed, wrong)
					}
					for _, s := range shots {
						seen.add(s)
						if s.got != s.want {
							t.Errorf("seed %d: %+v\nthe trace says %s\nthe kernel says %s\n%s", seed, s.packet, s.want, s.got, w.describe(s))
						}
					}
				}
			})
		}
	})
	seen.check(t, sets, packets)
}

// TestDisagreementIsSeen holds the trace of one ruleset to the kernel with
// another.
func TestDisagreementIsSeen(t *testing.T) {
	needs(t)
	w := newWorld(t, lab.Options{NoDocker: true})
	files := randomTables(rand.New(rand.NewPCG(0, 2)))
	files[tables.Interfaces], files[tables.Virtuals], files[tables.Options] = "eth0 ext -\n", "", ""
	files[tables.Rules] = "ext FW ALL ALL ALL accept\n"
	accepting, _ := w.enforce(files)
	files[tables.Rules] = "ext FW ALL ALL ALL reject\n"
	w.enforce(files)
	for _, s := range w.volley(rand.New(rand.NewPCG(1, 2)), accepting, 40) {
		if wrong := s.packet.In == "eth0" && s.judgement.Local; wrong != (s.got != s.want) {
			t.Errorf("%+v: the trace says %s, the kernel says %s, one of which is of other rules: %t", s.packet, s.want, s.got, wrong)
		}
	}
}

// greProtocol is a protocol without ports that the kernel does not answer.
const greProtocol = 47

// enforce loads what tables compile to over what is there, and returns what the
// kernel shall then hold, foreign rules and ours, and what these have counted.
func (w *world) enforce(files map[tables.Kind]string) (*ruleset.Ruleset, rowCounts) {
	w.t.Helper()
	w.tables(files)
	p := w.preview()
	want := plan.Target{Rules: p.Compiled.Rules, Hooks: p.Compiled.Hooks}
	steps, err := plan.Confirm(p.Live, want, plan.Owned(want.Rules))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, step := range steps {
		w.load(step)
	}
	before := rowCountsOf(w.inSync())
	w.forgetFlows()
	return plan.After(w.base, want, plan.Ownership{}), before
}

// kernelRules are the rules that the kernel of the firewall holds.
func (w *world) kernelRules() (rs *ruleset.Ruleset) {
	w.t.Helper()
	w.on(func() (err error) {
		rs, err = w.kernel.ReadRules(w.t.Context())
		return err
	})
	return rs
}

// forgetFlows empties the table of connections.
func (w *world) forgetFlows() {
	w.t.Helper()
	w.on(func() error {
		c, err := conntrack.Dial(nil)
		if err != nil {
			return err
		}
		defer c.Close()
		return c.Flush()
	})
}

// shot is a packet with what the trace says of it and what became of it.
type shot struct {
	from      station
	packet    ruleset.Packet
	judgement ruleset.Judgement
	want, got string
}

// bridged reports whether the packet comes in through the port of a bridge.
func (s shot) bridged() bool { return s.packet.In == "br0" || s.packet.In == "docker0" }

// volley sends packets at the same time.
func (w *world) volley(r *rand.Rand, rules *ruleset.Ruleset, packets int) []shot {
	w.t.Helper()
	tracer := ruleset.NewTracer(rules)
	var shots []shot
	taken := map[ruleset.Family]bool{}
	for len(shots) < packets {
		s := w.randomShot(r, uint16(len(shots)))
		s.judgement = tracer.Judge(s.packet, w.route)
		if !w.tellsSomething(s, taken) {
			continue
		}
		for _, d := range s.judgement.Doubts {
			if !strings.HasPrefix(d.Rule.ID, "log-") { // that one has a rate, and decides nothing
				w.t.Errorf("%+v: the trace could not judge: %s", s.packet, d.Why)
			}
		}
		s.want = w.expected(s)
		shots = append(shots, s)
	}
	var busy sync.WaitGroup
	for i := range shots {
		busy.Go(func() { shots[i].got = w.fire(shots[i]) })
	}
	busy.Wait()
	return shots
}

// randomShot makes a packet. No two of a volley have the same source port, so
// that whatever NAT does to them, they are different flows. The service "from"
// asks for the lower half.
func (w *world) randomShot(r *rand.Rand, number uint16) shot {
	f := pick(r, ruleset.V4, ruleset.V6)
	s, to := shot{from: pick(r, w.stations...)}, pick(r, w.stations...)
	for s.from.host == w.Firewall && r.IntN(4) > 0 { // what it sends itself meets NAT alone
		s.from = pick(r, w.stations...)
	}
	if r.IntN(3) == 0 { // what virtuals translate
		to = w.owner(netip.MustParseAddr(pick(r, "203.0.113.1", "203.0.113.1", "192.168.10.1", "203.0.113.11")))
	}
	s.packet = ruleset.Packet{
		In: s.from.behind, Src: s.from.addr(f), Dst: to.addr(f),
		Proto: pick(r, ruleset.TCP, ruleset.TCP, ruleset.TCP, ruleset.UDP, ruleset.UDP, ruleset.ICMP, ruleset.ICMP, greProtocol),
	}
	p := &s.packet
	if s.from.host == w.Firewall {
		_, p.Out = w.route(p.Dst)
	}
	switch p.Proto {
	case ruleset.TCP, ruleset.UDP:
		p.SrcPort, p.DstPort = pick(r, uint16(20_000), 30_000)+number, pick(r, worldPorts...)
		if p.Proto == ruleset.TCP && to.host == w.Firewall && r.IntN(4) == 0 {
			p.DstPort = 8080
		}
	case ruleset.ICMP:
		p.ICMPType = 8
		if f == ruleset.V6 {
			p.Proto, p.ICMPType = ruleset.ICMPv6, 128
		}
	}
	return s
}

// tellsSomething leaves out packets that do not pass the firewall, because they
// stay in one network or on one host, those that come back to the host that
// sent them, which no host takes, a second one of a protocol without ports, which
// may be of the same flow, and one over IPv6 that is translated: its checksum
// covers the addresses, and NAT does not know where it stands.
func (w *world) tellsSomething(s shot, taken map[ruleset.Family]bool) bool {
	to, end := w.owner(s.packet.Dst), w.owner(s.judgement.Packet.Dst)
	switch {
	case to.host == s.from.host, end.host == s.from.host:
		return false
	case to.network() == s.from.network() && to.host != w.Firewall && s.from.host != w.Firewall && !s.bridged():
		return false
	case s.packet.Proto != greProtocol:
		return true
	case taken[s.packet.Family()]:
		return false
	}
	taken[s.packet.Family()] = true
	return s.packet.Family() == ruleset.V4 || !s.judgement.DNATed && !s.judgement.Masqueraded
}

// fire sends the packet and says what became of it.
func (w *world) fire(s shot) string {
	probe := lab.Probe{Proto: s.packet.Proto, Src: s.packet.Src, Dst: s.packet.Dst, SrcPort: s.packet.SrcPort, Port: s.packet.DstPort}
	expect := lab.Open // or any answer: worth waiting for
	if s.want == string(lab.Drop) {
		// An answer that comes later is missed here; the counters tell.
		expect, probe.Timeout = lab.Drop, 150*time.Millisecond
	}
	a, err := s.from.host.Expect(expect, probe)
	switch {
	case err != nil:
		return err.Error()
	case a.From.IsValid():
		return fmt.Sprintf("ICMP %d/%d", a.Type, a.Code)
	case s.want == proxied && a.Server == lab.Web && a.Seen.Port() != s.packet.SrcPort:
		return proxied
	case a.Outcome == lab.Open && a.Server != "":
		return arrival(a.Server, a.Local, a.Seen)
	}
	return string(a.Outcome)
}

func arrival(server string, at, from netip.AddrPort) string {
	return fmt.Sprintf("OPEN, %s at %s sees %s", server, at, from)
}

// refusals are the ICMP types and codes of the words after --reject-with.
var refusals = map[string]string{
	"tcp-reset":             string(lab.RST),
	"icmp-port-unreachable": "ICMP 3/3",
	"icmp-host-unreachable": "ICMP 3/1",
	"icmp-host-prohibited":  "ICMP 3/10",
	"icmp6-adm-prohibited":  "ICMP 1/1",
}

// expected is what the judgement of the trace means for who sent the packet.
func (w *world) expected(s shot) string {
	switch j := s.judgement; j.Outcome {
	case ruleset.Dropped:
		return string(lab.Drop)
	case ruleset.Rejected:
		if j.DNATed && j.With == "tcp-reset" && s.bridged() {
			// nf_send_reset sends it straight out of the port of the bridge,
			// untranslated: who asked does not know whom it is from.
			return string(lab.Drop)
		}
		return refusals[j.With]
	}
	p := s.judgement.Packet
	if p.Proto != ruleset.TCP && p.Proto != ruleset.UDP {
		return string(lab.Open)
	}
	at, from := netip.AddrPortFrom(p.Dst, p.DstPort), netip.AddrPortFrom(p.Src, p.SrcPort)
	switch {
	case s.judgement.Masqueraded:
		from = netip.AddrPortFrom(w.masquerade(p), p.SrcPort)
	case s.judgement.Local && p.DstPort == proxyPort && w.docker:
		return proxied
	}
	return arrival(w.owner(p.Dst).host.Name, at, from)
}

// proxyPort is the port that the container web publishes, and proxied what
// becomes of a connection that Docker's proxy carries there.
const (
	proxyPort = 8080
	proxied   = "OPEN, by the proxy"
)

// masquerade is the address of the interface that a packet leaves by.
func (w *world) masquerade(p ruleset.Packet) netip.Addr {
	for _, s := range w.stations {
		if s.host == w.Firewall && s.iface == p.Out {
			return s.addr(p.Family())
		}
	}
	panic("no interface " + p.Out)
}

// describe shows what a failure needs to be understood.
func (w *world) describe(s shot) string {
	var b strings.Builder
	for _, kind := range []tables.Kind{tables.Interfaces, tables.Rules, tables.Virtuals, tables.Options} {
		text, err := os.ReadFile(filepath.Join(w.config.Dir, kind.String()))
		fmt.Fprintf(&b, "-- %s --\n%s", kind, text)
		if err != nil {
			w.t.Error(err)
		}
	}
	b.WriteString("-- decided by --\n")
	for _, step := range s.judgement.Path {
		rule := "policy"
		if step.Rule != nil {
			rule = step.Rule.Text(s.packet.Family())
		}
		fmt.Fprintln(&b, step.Table, step.Chain, rule)
	}
	return b.String()
}

// rowCounts are the packets that the rules of table rows in the filter table
// decided about, by family, chain and row id.
type rowCounts map[countedRow]uint64

type countedRow struct {
	family    ruleset.Family
	chain, id string
}

func rowCountsOf(rs *ruleset.Ruleset) rowCounts {
	counts := rowCounts{}
	for _, f := range ruleset.Families() {
		for _, c := range rs.Tables(f).Table(ruleset.Filter).Chains {
			for _, r := range c.Rules {
				if decidesForRow(r) {
					counts[countedRow{f, c.Name, r.ID}] += r.Counters.Packets
				}
			}
		}
	}
	return counts
}

// decidesForRow reports whether a rule is of a table row, whose ids are hashes,
// and ends a packet's way: it does not log, or hand it back to other chains.
func decidesForRow(r *ruleset.Rule) bool {
	raw, err := hex.DecodeString(r.ID)
	_, logs := r.Target.(ruleset.NFLog)
	return err == nil && len(raw) == 4 && !logs && r.Target != ruleset.Return
}

// since is what was counted after another reading.
func (c rowCounts) since(before rowCounts) rowCounts {
	moved := rowCounts{}
	for row, n := range c {
		if n > before[row] {
			moved[row] = n - before[row]
		}
	}
	return moved
}

// contradictions are the rows that counted fewer packets than the trace says, or
// any where it says none. More of a kind is no contradiction: a SYN that a busy
// machine answers late is sent again. A packet that the trace gives to a wrong row
// is one too few in another.
func (c rowCounts) contradictions(moved rowCounts) (wrong []string) {
	for row, n := range c {
		if moved[row] < n {
			wrong = append(wrong, fmt.Sprintf("%+v counted %d, the trace says %d", row, moved[row], n))
		}
	}
	for row, n := range moved {
		if c[row] == 0 {
			wrong = append(wrong, fmt.Sprintf("%+v counted %d, the trace says none", row, n))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// miscounted are the contradictions between what the trace says and what the
// kernel counted. A packet that nobody answers may be counted a moment later.
func (w *world) miscounted(said, before rowCounts) (wrong []string) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		moved := rowCountsOf(w.kernelRules()).since(before)
		wrong = said.contradictions(moved)
		late := slices.ContainsFunc(slices.Collect(maps.Keys(said)), func(row countedRow) bool { return moved[row] < said[row] })
		if !late || time.Now().After(end) {
			return wrong
		}
	}
}

// explained are the rows that decide about packets, as the trace says.
func explained(shots []shot) rowCounts {
	counts := rowCounts{}
	for _, s := range shots {
		for _, step := range s.judgement.Path {
			if step.Table == ruleset.Filter && step.Rule != nil && decidesForRow(step.Rule) {
				counts[countedRow{s.packet.Family(), step.Chain, step.Rule.ID}]++
			}
		}
	}
	return counts
}

// tally counts what packets met, over all labs.
type tally struct {
	mu    sync.Mutex
	count map[string]int
}

func (c *tally) add(s shot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = make(map[string]int)
	}
	what, _, _ := strings.Cut(s.want, ",")
	c.count["all"]++
	c.count[what]++
	c.count[s.packet.Family().String()]++
	for name, is := range map[string]bool{
		"local": s.judgement.Local, "translated": s.judgement.DNATed, "masqueraded": s.judgement.Masqueraded,
		"bridged": s.packet.In != "" && s.packet.In == s.judgement.Packet.Out,
	} {
		if is {
			c.count[name]++
		}
	}
}

// check fails the test when too few packets met something to prove anything.
func (c *tally) check(t *testing.T, sets, packets int) {
	t.Helper()
	if t.Failed() {
		return
	}
	t.Logf("%v", c.count)
	if got := c.count["all"]; got != sets*packets {
		t.Errorf("%d packets were sent, want %d", got, sets*packets)
	}
	for _, what := range []string{
		"OPEN", "DROP", "RST", "ICMP 3/1", "ICMP 3/3", "ICMP 3/10", "ICMP 1/1",
		"v4", "v6", "local", "translated", "masqueraded", "bridged",
	} {
		if c.count[what] < sets*packets/400 {
			t.Errorf("only %d packets met %s: %v", c.count[what], what, c.count)
		}
	}
}
