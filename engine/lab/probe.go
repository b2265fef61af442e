package lab

import (
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Outcome is what became of a probe.
type Outcome string

// The outcomes. An ICMP error that has no name here is "ICMP TYPE/CODE".
const (
	Open  Outcome = "OPEN" // the other side answered
	RST   Outcome = "RST"  // TCP reset
	PUNR  Outcome = "PUNR" // ICMP port unreachable
	HUNR  Outcome = "HUNR" // ICMP host unreachable or host prohibited, ICMPv6 address unreachable
	Adm   Outcome = "ADM"  // ICMP administratively prohibited
	Drop  Outcome = "DROP" // nothing came back in time
	Proto Outcome = "PROT" // ICMP protocol unreachable, ICMPv6 unknown next header
	// Local means that the packet did not leave the host: no route, or a
	// neighbour that does not answer.
	Local Outcome = "LOCAL"
)

// Probe is one question to a host, by one packet or one connection.
type Probe struct {
	Proto uint8 // ruleset.TCP, UDP, ICMP, ICMPv6, or any other IP protocol
	Dst   netip.Addr
	Port  uint16 // of TCP and UDP
	// Src and SrcPort are the host's own choice when zero.
	Src     netip.Addr
	SrcPort uint16
	// Timeout is when silence counts as DROP; zero is 300 ms.
	Timeout time.Duration
}

const (
	// How long to wait for an answer: when none is expected, and when one is.
	dropPatience   = 300 * time.Millisecond
	answerPatience = time.Minute
	// sendAgain is when a packet without an answer is sent again: the queues of
	// a machine under load drop some. TCP does that by itself.
	sendAgain = 2 * time.Second
)

// Answer is what became of a probe.
type Answer struct {
	Outcome Outcome
	// From is who sent the ICMP error, Type and Code are the error's.
	From       netip.Addr
	Type, Code uint8
	// Server is the name of the host that answered a TCP or UDP probe, Local
	// its address and port, Seen the source that it saw: what NAT made of
	// the probe.
	Server      string
	Local, Seen netip.AddrPort
}

// TCP asks for a connection.
func TCP(dst netip.Addr, port uint16) Probe {
	return Probe{Proto: ruleset.TCP, Dst: dst, Port: port}
}

// UDP asks by one datagram.
func UDP(dst netip.Addr, port uint16) Probe {
	return Probe{Proto: ruleset.UDP, Dst: dst, Port: port}
}

// Ping asks by an echo request of the address's family.
func Ping(dst netip.Addr) Probe {
	if dst.Is6() {
		return Probe{Proto: ruleset.ICMPv6, Dst: dst}
	}
	return Probe{Proto: ruleset.ICMP, Dst: dst}
}

// Protocol asks by a bare packet of an IP protocol, see Host.ServeProtocol.
func Protocol(dst netip.Addr, proto uint8) Probe {
	return Probe{Proto: proto, Dst: dst}
}

// Probe sends a probe from the host and waits for what becomes of it. The
// error is about the probe itself, such as a source address that the host does
// not have; a refusal by the network is an Outcome.
func (h *Host) Probe(p Probe) (Answer, error) {
	if p.Timeout == 0 {
		p.Timeout = dropPatience
	}
	var answer Answer
	err := h.Do(func() (err error) {
		answer, err = p.send()
		return err
	})
	if err != nil {
		return Answer{}, fmt.Errorf("probe from %s to %s protocol %d: %w", h.Name, p.Dst, p.Proto, err)
	}
	return answer, nil
}

// Expect is Probe for a caller that expects an outcome. Silence counts as DROP
// after 300 ms only where it is expected; a machine under load may take longer to
// answer, or lose the packet, and waiting for an answer that comes costs nothing.
func (h *Host) Expect(want Outcome, p Probe) (Answer, error) {
	if want != Drop && p.Timeout == 0 {
		p.Timeout = answerPatience
	}
	return h.Probe(p)
}

func (p Probe) send() (Answer, error) {
	s, err := p.open()
	if err != nil {
		return Answer{}, err
	}
	defer s.close()
	switch err := s.connect(p); {
	case isUnreachable(err):
		return Answer{Outcome: Local}, nil
	case err != nil && err != unix.EINPROGRESS:
		return Answer{}, fmt.Errorf("connect: %w", err)
	}
	if p.Proto == ruleset.TCP {
		return s.awaitConnection()
	}
	number := newNumber()
	for end := s.deadline; ; {
		if _, err := unix.Write(s.fd, p.packet(number)); err != nil && !isReported(err) {
			return Answer{}, fmt.Errorf("send: %w", err)
		}
		if s.deadline = time.Now().Add(sendAgain); s.deadline.After(end) {
			s.deadline = end
		}
		answer, err := s.awaitPacket(
			func(data []byte) (Answer, bool) { return p.parse(data, number) },
			func(quoted []byte) bool { return p.quotes(quoted, number) })
		if err != nil || answer.Outcome != Drop || s.deadline == end {
			return answer, err
		}
	}
}

// open makes the socket that fits the probe.
func (p Probe) open() (*probeSocket, error) {
	kind, proto := unix.SOCK_RAW, int(p.Proto)
	switch p.Proto {
	case ruleset.TCP:
		kind = unix.SOCK_STREAM
	case ruleset.UDP:
		kind = unix.SOCK_DGRAM
	}
	s, err := newProbeSocket(ruleset.OfAddr(p.Dst), kind, proto, time.Now().Add(p.Timeout))
	if err != nil {
		return nil, err
	}
	if err := s.prepare(p); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func isUnreachable(err error) bool {
	return err == unix.ENETUNREACH || err == unix.EHOSTUNREACH || err == unix.EACCES || err == unix.EPERM
}

// isReported says that a socket gives the error of an earlier packet, whose
// details are, or were, in its queue.
func isReported(err error) bool {
	return err == unix.ECONNREFUSED || err == unix.EPROTO || err == unix.ENOPROTOOPT || isUnreachable(err)
}

// icmpOutcome names an ICMP error by type and code (RFC 792 and 1812, RFC 4443).
func icmpOutcome(f ruleset.Family, kind, code uint8) Outcome {
	type key struct {
		f          ruleset.Family
		kind, code uint8
	}
	switch (key{f, kind, code}) {
	case key{ruleset.V4, 3, 3}, key{ruleset.V6, 1, 4}:
		return PUNR
	case key{ruleset.V4, 3, 1}, key{ruleset.V4, 3, 10}, key{ruleset.V6, 1, 3}:
		return HUNR
	case key{ruleset.V4, 3, 13}, key{ruleset.V4, 3, 9}, key{ruleset.V6, 1, 1}:
		return Adm
	case key{ruleset.V4, 3, 2}, key{ruleset.V6, 4, 1}:
		return Proto
	}
	return Outcome(fmt.Sprintf("ICMP %d/%d", kind, code))
}
