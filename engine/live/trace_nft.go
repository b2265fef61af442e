package live

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// nftTrace hears of traced packets from the nft back end.
type nftTrace struct {
	conn    *netlink.Conn // listens
	asks    *netlink.Conn // asks for the handles of rules
	rules   *ruleset.Ruleset
	handles map[nftRule]nftPlace
}

// nftRule is a rule by its handle, which no other rule of the table ever gets.
type nftRule struct {
	family uint8 // of the table
	table  string
	handle uint64
}

// nftPlace is where a rule stands; index counts from 0.
type nftPlace struct {
	chain string
	index int
}

// traceBuffer is what the kernel keeps for the reader: some thousand messages.
const traceBuffer = 4 << 20

func openNFTTrace() (*nftTrace, error) {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return nil, fmt.Errorf("connect to netfilter: %w", err)
	}
	if err = conn.JoinGroup(unix.NFNLGRP_NFTRACE); err == nil {
		err = conn.SetReadBuffer(traceBuffer)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("listen to traced packets: %w", err)
	}
	asks, err := dialDump()
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &nftTrace{conn: conn, asks: asks}, nil
}

func (t *nftTrace) Close() error { return errors.Join(t.conn.Close(), t.asks.Close()) }

// learn reads the rules and their handles, again while they change meanwhile.
func (t *nftTrace) learn(ctx context.Context, read readRules) error {
	const tries = 5
	before, err := t.dumpHandles()
	for n := 1; err == nil; n++ {
		if t.rules, err = read(ctx); err != nil {
			return err
		}
		if t.handles, err = t.dumpHandles(); err != nil {
			return err
		}
		if maps.Equal(before, t.handles) {
			return nil
		}
		if before = t.handles; n == tries {
			return errors.New("the rules keep changing")
		}
	}
	return err
}

// dumpHandles asks for every rule: NFT_MSG_GETRULE with an empty struct
// nfgenmsg. The kernel goes from chain to chain and from rule to rule, as
// iptables-save does.
func (t *nftTrace) dumpHandles() (map[nftRule]nftPlace, error) {
	replies, err := t.asks.Execute(netlink.Message{
		Header: netlink.Header{Type: unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_GETRULE, Flags: netlink.Request | netlink.Dump},
		Data:   []byte{unix.AF_UNSPEC, unix.NFNETLINK_V0, 0, 0},
	})
	if err != nil {
		return nil, fmt.Errorf("list the handles of rules: %w", err)
	}
	handles := make(map[nftRule]nftPlace, len(replies))
	type chainOf struct {
		family       uint8
		table, chain string
	}
	counts := make(map[chainOf]int)
	for _, m := range replies {
		rule, chain, err := decodeHandle(m.Data)
		if err != nil {
			return nil, fmt.Errorf("list the handles of rules: %w", err)
		}
		key := chainOf{rule.family, rule.table, chain}
		handles[rule] = nftPlace{chain, counts[key]}
		counts[key]++
	}
	return handles, nil
}

func decodeHandle(message []byte) (rule nftRule, chain string, err error) {
	const nfgenmsg = 4
	if len(message) < nfgenmsg {
		return rule, "", errMalformed
	}
	rule.family = message[0]
	for rest := attrs(message[nfgenmsg:]); ; {
		kind, data, ok := rest.next()
		if !ok {
			return rule, chain, rest.end()
		}
		switch kind {
		case unix.NFTA_RULE_TABLE:
			rule.table = cString(data)
		case unix.NFTA_RULE_CHAIN:
			chain = cString(data)
		case unix.NFTA_RULE_HANDLE:
			rule.handle = be64(data)
		}
	}
}

// events reads until the connection is closed.
func (t *nftTrace) events(ctx context.Context, out chan<- traceEvent) {
	defer context.AfterFunc(ctx, func() { t.conn.SetDeadline(time.Unix(1, 0)) })()
	for {
		messages, err := t.conn.Receive()
		switch {
		case errors.Is(err, unix.ENOBUFS):
			if !sendEvent(ctx, out, traceEvent{overrun: true}) {
				return
			}
			continue
		case err != nil:
			return
		}
		for _, m := range messages {
			if m.Header.Type != unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_TRACE {
				continue
			}
			if e, ok := t.decode(m.Data); ok && !sendEvent(ctx, out, e) {
				return
			}
		}
	}
}

func sendEvent(ctx context.Context, out chan<- traceEvent, e traceEvent) bool {
	select {
	case out <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// nftMessage is what a message of a trace says.
type nftMessage struct {
	rule      nftRule // handle 0 when it is of no rule
	chain     string
	kind      uint32
	id        uint32
	verdict   string
	policy    uint32
	header    []byte // of the network, then of the transport
	transport []byte
	in, out   uint32
}

// decode reads one message of a trace; false when it makes no sense.
func (t *nftTrace) decode(message []byte) (traceEvent, bool) {
	m, err := decodeTrace(message)
	if err != nil {
		return traceEvent{}, false
	}
	e := traceEvent{packet: uint64(m.id), in: int(m.in), out: int(m.out), step: t.step(&m)}
	if m.kind == unix.NFT_TRACETYPE_RULE && e.step.Rule != nil && tracing(e.step.Rule) {
		e.first = m.rule.handle
	}
	if len(m.header) > 0 {
		e.header, e.hasHeader = parseHeader(append(m.header[:len(m.header):len(m.header)], m.transport...))
	}
	return e, true
}

func decodeTrace(message []byte) (m nftMessage, err error) {
	const nfgenmsg = 4
	if len(message) < nfgenmsg {
		return m, errMalformed
	}
	m.rule.family = message[0]
	for rest := attrs(message[nfgenmsg:]); ; {
		kind, data, ok := rest.next()
		if !ok {
			if m.kind == unix.NFT_TRACETYPE_RULE && m.rule.handle == 0 {
				m.kind = unix.NFT_TRACETYPE_RETURN // so says Linux 6.18 of the end of a chain
			}
			return m, rest.end()
		}
		switch kind {
		case unix.NFTA_TRACE_TABLE:
			m.rule.table = cString(data)
		case unix.NFTA_TRACE_CHAIN:
			m.chain = cString(data)
		case unix.NFTA_TRACE_RULE_HANDLE:
			m.rule.handle = be64(data)
		case unix.NFTA_TRACE_TYPE:
			m.kind = be32(data)
		case unix.NFTA_TRACE_VERDICT:
			m.verdict, err = decodeVerdict(data)
		case unix.NFTA_TRACE_ID:
			m.id = be32(data)
		case unix.NFTA_TRACE_NETWORK_HEADER:
			m.header = data
		case unix.NFTA_TRACE_TRANSPORT_HEADER:
			m.transport = data
		case unix.NFTA_TRACE_IIF:
			m.in = be32(data)
		case unix.NFTA_TRACE_OIF:
			m.out = be32(data)
		case unix.NFTA_TRACE_POLICY:
			m.policy = be32(data)
		}
		if err != nil {
			return m, err
		}
	}
}

// verdictWords are the verdicts of enum nft_verdicts and of netfilter.
var verdictWords = map[int32]string{
	0: verdictDrop, 1: "accept", 2: "stolen", 3: "queue",
	-1: "continue", -2: "break", -3: "jump ", -4: "goto ", -5: "return",
}

func decodeVerdict(row attrs) (string, error) {
	var code int32
	var chain string
	for {
		kind, data, ok := row.next()
		if !ok {
			return verdictWords[code] + chain, row.end()
		}
		switch kind {
		case unix.NFTA_VERDICT_CODE:
			code = int32(be32(data))
		case unix.NFTA_VERDICT_CHAIN:
			chain = cString(data)
		}
	}
}

// step finds the rule of a message. It is empty for the end of a built-in chain:
// its policy comes next.
func (t *nftTrace) step(m *nftMessage) TraceStep {
	s := TraceStep{Table: m.rule.table, Chain: m.chain, Index: -1, Verdict: m.verdict}
	chain := t.chain(m)
	switch {
	case chain == nil:
		s.Table = foreignTable(m.rule)
	case m.kind == unix.NFT_TRACETYPE_RETURN && chain.Policy != "":
		return TraceStep{}
	}
	switch m.kind {
	case unix.NFT_TRACETYPE_POLICY:
		s.Policy, s.Verdict = true, verdictWords[int32(m.policy)]
	case unix.NFT_TRACETYPE_RETURN:
		s.Verdict = "return"
	case unix.NFT_TRACETYPE_RULE:
		place, known := t.handles[m.rule]
		switch {
		case known && chain == nil:
			s.Index = place.index
		case known && place.index < len(chain.Rules):
			s.Rule, s.Index = chain.Rules[place.index], indexBehind(chain, place.index)
			s.Verdict = ruleVerdict(s.Rule, m.verdict)
		}
	}
	return s
}

// chain is the chain of a message; nil when iptables does not show it.
func (t *nftTrace) chain(m *nftMessage) *ruleset.Chain {
	f := ruleset.V4
	switch m.rule.family {
	case unix.NFPROTO_IPV4:
	case unix.NFPROTO_IPV6:
		f = ruleset.V6
	default:
		return nil
	}
	table := t.rules.Tables(f).Table(m.rule.table)
	if table == nil {
		return nil
	}
	return table.Chain(m.chain)
}

// nftFamilies are the words of nft for families of tables.
var nftFamilies = map[uint8]string{
	unix.NFPROTO_INET: "inet", unix.NFPROTO_IPV4: "ip", unix.NFPROTO_ARP: "arp",
	unix.NFPROTO_NETDEV: "netdev", unix.NFPROTO_BRIDGE: "bridge", unix.NFPROTO_IPV6: "ip6",
}

// foreignTable names a table that iptables does not show, as nft does.
func foreignTable(r nftRule) string { return nftFamilies[r.family] + " " + r.table }
