package lab

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// probeSocket is a socket that keeps the ICMP errors for its packets, with the
// moment when waiting ends.
type probeSocket struct {
	fd       int
	family   ruleset.Family
	deadline time.Time
}

func newProbeSocket(f ruleset.Family, kind, proto int, deadline time.Time) (*probeSocket, error) {
	domain := unix.AF_INET
	if f == ruleset.V6 {
		domain = unix.AF_INET6
	}
	fd, err := unix.Socket(domain, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		return nil, err
	}
	s := &probeSocket{fd, f, deadline}
	if err := s.keepErrors(kind); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// keepErrors asks for the error queue, where an ICMP error keeps its type and
// code; errno alone cannot tell an ICMP error for a SYN from a reset. TCP fills
// the queue since Linux 5.11.
func (s *probeSocket) keepErrors(kind int) error {
	level, option := unix.SOL_IP, unix.IP_RECVERR
	if s.family == ruleset.V6 {
		level, option = unix.SOL_IPV6, unix.IPV6_RECVERR
	}
	if err := unix.SetsockoptInt(s.fd, level, option, 1); err != nil {
		return err
	}
	if kind != unix.SOCK_STREAM {
		return nil
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	// The source port is free again as soon as the probe is over.
	return unix.SetsockoptLinger(s.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

func (s *probeSocket) close() { unix.Close(s.fd) }

// prepare binds the socket to the probe's source and lets the kernel fill in a
// checksum where a raw IPv6 packet needs one.
func (s *probeSocket) prepare(p Probe) error {
	if s.family == ruleset.V6 && p.Proto != ruleset.TCP && p.Proto != ruleset.UDP && p.Proto != ruleset.ICMPv6 {
		if err := unix.SetsockoptInt(s.fd, unix.SOL_IPV6, unix.IPV6_CHECKSUM, rawChecksum); err != nil {
			return fmt.Errorf("ask for checksums: %w", err)
		}
	}
	if !p.Src.IsValid() && p.SrcPort == 0 {
		return nil
	}
	src := p.Src
	if !src.IsValid() {
		src = unspecified(s.family)
	}
	if err := unix.Bind(s.fd, sockaddr(src, p.SrcPort)); err != nil {
		return fmt.Errorf("bind to %s port %d: %w", src, p.SrcPort, err)
	}
	return nil
}

func unspecified(f ruleset.Family) netip.Addr {
	if f == ruleset.V6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// connect also makes a raw or UDP socket deaf for everybody but the peer.
func (s *probeSocket) connect(p Probe) error {
	return unix.Connect(s.fd, sockaddr(p.Dst, p.Port))
}

func sockaddr(addr netip.Addr, port uint16) unix.Sockaddr {
	if addr.Is4() {
		return &unix.SockaddrInet4{Addr: addr.As4(), Port: int(port)}
	}
	return &unix.SockaddrInet6{Addr: addr.As16(), Port: int(port)}
}

// await waits until the socket is ready and reports false at the deadline. It
// looks once in any case: what came while this process stood still came in time.
func (s *probeSocket) await(events int16) (bool, error) {
	for {
		left := max(0, time.Until(s.deadline))
		fds := []unix.PollFd{{Fd: int32(s.fd), Events: events}}
		n, err := unix.Poll(fds, int((left + time.Millisecond - 1).Milliseconds()))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return false, err
		case n > 0:
			return true, nil
		case left == 0:
			return false, nil
		}
	}
}

// awaitConnection waits for the end of a connect and for the server's line.
func (s *probeSocket) awaitConnection() (Answer, error) {
	ready, err := s.await(unix.POLLOUT)
	if err != nil || !ready {
		return Answer{Outcome: Drop}, err
	}
	errno, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return Answer{}, err
	}
	if errno == 0 {
		return s.awaitGreeting(), nil
	}
	if answer, ok := s.icmpError(func([]byte) bool { return true }); ok {
		return answer, nil
	}
	switch err := unix.Errno(errno); {
	case err == unix.ECONNREFUSED || err == unix.ECONNRESET:
		return Answer{Outcome: RST}, nil
	case isUnreachable(err):
		return Answer{Outcome: Local}, nil
	default:
		return Answer{}, err
	}
}

// awaitGreeting reads who the server is. A service that says nothing is open
// all the same.
func (s *probeSocket) awaitGreeting() Answer {
	var said []byte
	buf := make([]byte, 256)
	for !strings.HasSuffix(string(said), "\n") {
		ready, err := s.await(unix.POLLIN)
		if err != nil || !ready {
			return Answer{Outcome: Open}
		}
		n, err := unix.Read(s.fd, buf)
		if err != nil || n == 0 {
			return Answer{Outcome: Open}
		}
		said = append(said, buf[:n]...)
	}
	answer, ok := greeted(strings.TrimSpace(string(said)))
	if !ok {
		return Answer{Outcome: Open}
	}
	return answer
}

// awaitPacket waits for an answer that parse accepts, or for an ICMP error that
// quotes a packet which is ours.
func (s *probeSocket) awaitPacket(parse func([]byte) (Answer, bool), ours func(quoted []byte) bool) (Answer, error) {
	buf := make([]byte, 2048)
	for {
		ready, err := s.await(unix.POLLIN)
		if err != nil || !ready {
			return Answer{Outcome: Drop}, err
		}
		if answer, ok := s.icmpError(ours); ok {
			return answer, nil
		}
		n, err := unix.Read(s.fd, buf)
		switch {
		case err == unix.EAGAIN || isReported(err):
			continue
		case err != nil:
			return Answer{}, err
		}
		if answer, ok := parse(buf[:n]); ok {
			return answer, nil
		}
	}
}

// icmpError takes ICMP errors off the error queue until one is about a packet
// of ours.
func (s *probeSocket) icmpError(ours func(quoted []byte) bool) (Answer, bool) {
	data, control := make([]byte, 512), make([]byte, 512)
	for {
		n, cn, _, _, err := unix.Recvmsg(s.fd, data, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			return Answer{}, false
		}
		messages, err := unix.ParseSocketControlMessage(control[:cn])
		if err != nil || !ours(data[:n]) {
			continue
		}
		for _, m := range messages {
			if answer, ok := s.parseError(m); ok {
				return answer, true
			}
		}
	}
}

// parseError reads a struct sock_extended_err, which is followed by the
// address of the host that reported the error.
func (s *probeSocket) parseError(m unix.SocketControlMessage) (Answer, bool) {
	const origin, kind, code, size = 4, 5, 6, 16
	isError := m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR ||
		m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_RECVERR
	if !isError || len(m.Data) < size {
		return Answer{}, false
	}
	if m.Data[origin] == unix.SO_EE_ORIGIN_LOCAL {
		return Answer{Outcome: Local}, true
	}
	from := offender(s.family, m.Data[size:])
	if from == s.source() { // our own host, about a neighbour that does not answer
		return Answer{Outcome: Local}, true
	}
	return Answer{
		Outcome: icmpOutcome(s.family, m.Data[kind], m.Data[code]),
		From:    from, Type: m.Data[kind], Code: m.Data[code],
	}, true
}

// offender reads a struct sockaddr_in or sockaddr_in6.
func offender(f ruleset.Family, sa []byte) netip.Addr {
	offset, size := 4, 4
	if f == ruleset.V6 {
		offset, size = 8, 16
	}
	if len(sa) < offset+size {
		return netip.Addr{}
	}
	addr, _ := netip.AddrFromSlice(sa[offset : offset+size])
	return addr
}

// source is the address that the kernel chose or that the socket was bound to.
func (s *probeSocket) source() netip.Addr {
	sa, err := unix.Getsockname(s.fd)
	if err != nil {
		return netip.Addr{}
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(sa.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(sa.Addr)
	}
	return netip.Addr{}
}
