package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Serve answers on the given ports, TCP and UDP, on every address of the host,
// until the lab closes. A server first says who it is and whom it sees (see
// Answer), then it sends back what it gets.
func (h *Host) Serve(ports ...uint16) error {
	for _, addr := range h.addrs {
		for _, port := range ports {
			if err := h.serve(netip.AddrPortFrom(addr, port)); err != nil {
				return fmt.Errorf("host %s: serve %s port %d: %w", h.Name, addr, port, err)
			}
		}
	}
	return nil
}

func (h *Host) serve(at netip.AddrPort) error {
	var listener *net.TCPListener
	var socket *net.UDPConn
	err := h.Do(func() (err error) {
		if listener, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at)); err != nil {
			return err
		}
		if socket, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at)); err != nil {
			listener.Close()
		}
		return err
	})
	if err != nil {
		return err
	}
	context.AfterFunc(h.ctx, func() { listener.Close(); socket.Close() })
	h.servers.Go(func() { h.accept(listener, h.answerTCP) })
	h.servers.Go(func() { h.answerUDP(socket) })
	return nil
}

// accept serves each connection until the lab closes.
func (h *Host) accept(l *net.TCPListener, serve func(*net.TCPConn)) {
	for {
		conn, err := l.AcceptTCP()
		if h.ctx.Err() != nil {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors, or a client that left
			continue
		}
		h.servers.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(h.ctx, func() { conn.Close() })()
			serve(conn)
		})
	}
}

func (h *Host) answerTCP(conn *net.TCPConn) {
	peer := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	local := conn.LocalAddr().(*net.TCPAddr).AddrPort()
	if _, err := io.WriteString(conn, greeting(h.Name, local, peer)); err == nil {
		io.Copy(conn, conn)
	}
}

func (h *Host) answerUDP(socket *net.UDPConn) {
	local := socket.LocalAddr().(*net.UDPAddr).AddrPort()
	buf := make([]byte, 2048)
	for {
		n, peer, err := socket.ReadFromUDPAddrPort(buf)
		if h.ctx.Err() != nil {
			return
		}
		if err == nil {
			socket.WriteToUDPAddrPort(append([]byte(greeting(h.Name, local, peer)), buf[:n]...), peer)
		}
	}
}

// greeting is the line that a server says first.
func greeting(name string, local, peer netip.AddrPort) string {
	return fmt.Sprintf("%s %s %s\n", name, local, peer)
}

func parseGreeting(line string) (name string, local, peer netip.AddrPort, err error) {
	words := strings.Fields(line)
	if len(words) != 3 {
		return "", local, peer, fmt.Errorf("%q is not the greeting of a server", line)
	}
	if local, err = netip.ParseAddrPort(words[1]); err != nil {
		return "", local, peer, err
	}
	peer, err = netip.ParseAddrPort(words[2])
	return words[0], local, peer, err
}

// ServeProtocol sends back packets of an IP protocol that the kernel does not
// handle itself, such as 47 or 89, from every address of the host until the lab
// closes.
func (h *Host) ServeProtocol(proto uint8) error {
	for _, addr := range h.addrs {
		var socket *net.IPConn
		err := h.Do(func() (err error) {
			socket, err = listenIP(addr, proto)
			return err
		})
		if err != nil {
			return fmt.Errorf("host %s: serve protocol %d on %s: %w", h.Name, proto, addr, err)
		}
		context.AfterFunc(h.ctx, func() { socket.Close() })
		h.servers.Go(func() { h.answerIP(socket) })
	}
	return nil
}

// listenIP opens a raw socket. Over IPv6 its packets get the checksum that the
// probe's socket insists on.
func listenIP(addr netip.Addr, proto uint8) (*net.IPConn, error) {
	socket, err := net.ListenIP(fmt.Sprintf("ip:%d", proto), &net.IPAddr{IP: addr.AsSlice()})
	if err != nil || addr.Is4() {
		return socket, err
	}
	raw, err := socket.SyscallConn()
	if err == nil {
		var optErr error
		err = raw.Control(func(fd uintptr) {
			optErr = unix.SetsockoptInt(int(fd), unix.SOL_IPV6, unix.IPV6_CHECKSUM, rawChecksum)
		})
		err = errors.Join(err, optErr)
	}
	if err != nil {
		socket.Close()
		return nil, err
	}
	return socket, nil
}

// answerIP sends packets back that are questions; an answer that came back
// once more would go round for ever between two hosts that both serve.
func (h *Host) answerIP(socket *net.IPConn) {
	buf := make([]byte, 2048)
	for {
		n, peer, err := socket.ReadFromIP(buf)
		if h.ctx.Err() != nil {
			return
		}
		if err != nil || n != rawLength || buf[rawMark] != rawQuestion {
			continue
		}
		buf[rawMark] = rawAnswer
		socket.WriteToIP(buf[:n], peer)
	}
}

// A packet of the protocol probe: its first bytes are zero, which a GRE
// header of version 0 without options is, then a number that tells the
// probe's packets apart, within the eight bytes that an ICMP error quotes at
// least, then question or answer, then a checksum over all: the kernel's REJECT
// stays silent for a packet without one, for most protocols.
const (
	rawNumber   = 4
	rawMark     = 8
	rawChecksum = 10
	rawLength   = 16
	rawQuestion = 'q'
	rawAnswer   = 'a'
)
