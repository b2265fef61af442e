package apply

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/mdlayher/netlink"
	"github.com/ti-mo/conntrack"
	"golang.org/x/sys/unix"
)

// Message types of include/uapi/linux/sock_diag.h. SOCK_DESTROY is there since
// kernel 4.5, for UDP since 4.9, with CONFIG_INET_DIAG_DESTROY.
const (
	sockDiagByFamily = 20
	sockDestroy      = 21
)

// errNotConnected says that a socket serves others too.
var errNotConnected = errors.New("the socket is not connected")

// destroySocket closes the TCP socket of this host that a tuple of replies to it
// belongs to: its source is the local end, behind all address translation. It
// fails when the flow is only forwarded.
func destroySocket(reply conntrack.Tuple) error {
	c, err := netlink.Dial(unix.NETLINK_SOCK_DIAG, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	local, remote := endsOf(reply)
	return destroy(c, inetDiagRequest(unix.IPPROTO_TCP, local, remote))
}

// destroyDatagrams closes the UDP socket of this host that a tuple of replies to
// it belongs to, when it is connected to the other end: another one serves others
// too.
func destroyDatagrams(reply conntrack.Tuple) error {
	c, err := netlink.Dial(unix.NETLINK_SOCK_DIAG, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	local, remote := endsOf(reply)
	// The kernel swaps the ends where it looks one UDP socket up.
	found, err := c.Execute(netlink.Message{
		Header: netlink.Header{Type: sockDiagByFamily, Flags: netlink.Request},
		Data:   inetDiagRequest(unix.IPPROTO_UDP, remote, local),
	})
	if err != nil {
		return err
	}
	// Of struct inet_diag_msg: the port of the other end, and the cookie.
	if len(found) != 1 || len(found[0].Data) < 56 || binary.BigEndian.Uint16(found[0].Data[6:]) != remote.Port() {
		return errNotConnected
	}
	request := inetDiagRequest(unix.IPPROTO_UDP, local, remote)
	copy(request[48:56], found[0].Data[44:52])
	return destroy(c, request)
}

func destroy(c *netlink.Conn, request []byte) error {
	_, err := c.Execute(netlink.Message{
		Header: netlink.Header{Type: sockDestroy, Flags: netlink.Request | netlink.Acknowledge},
		Data:   request,
	})
	return err
}

func endsOf(reply conntrack.Tuple) (local, remote netip.AddrPort) {
	return netip.AddrPortFrom(reply.IP.SourceAddress, reply.Proto.SourcePort),
		netip.AddrPortFrom(reply.IP.DestinationAddress, reply.Proto.DestinationPort)
}

// inetDiagRequest is struct inet_diag_req_v2 for one socket, of whatever state
// and cookie.
func inetDiagRequest(proto byte, local, remote netip.AddrPort) []byte {
	family := byte(unix.AF_INET)
	if local.Addr().Is6() {
		family = unix.AF_INET6
	}
	b := make([]byte, 56)
	b[0], b[1] = family, proto
	for i := 4; i < 8; i++ {
		b[i] = 0xff // every state
	}
	binary.BigEndian.PutUint16(b[8:], local.Port())
	binary.BigEndian.PutUint16(b[10:], remote.Port())
	copy(b[12:28], local.Addr().AsSlice())
	copy(b[28:44], remote.Addr().AsSlice())
	for i := 48; i < 56; i++ {
		b[i] = 0xff // INET_DIAG_NOCOOKIE
	}
	return b
}
