package apply

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// askEnd sends a TCP segment that fits nowhere into its flow, in the name of one
// end to the other. Whoever has the connection answers with what it has last
// acknowledged (RFC 9293, 3.10.7.4), and with a limit on how often (RFC 5961);
// nobody takes it for more. That nothing was sent does no harm: an end that is
// not asked stays as idle as it was.
func askEnd(mark uint32, src netip.Addr, srcPort uint16, dst netip.Addr, dstPort uint16) {
	family, address := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Addr: as4(dst)})
	if dst.Is6() {
		family, address = unix.AF_INET6, &unix.SockaddrInet6{Addr: dst.As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, int(mark)) != nil {
		return
	}
	if dst.Is6() && unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_HDRINCL, 1) != nil {
		return
	}
	_ = unix.Sendto(fd, segment(src, srcPort, dst, dstPort), 0, address)
}

func as4(a netip.Addr) (b [4]byte) {
	if a.Is4() {
		b = a.As4()
	}
	return b
}

// tcpSize is a TCP header without options.
const tcpSize = 20

// segment is an empty ACK with sequence number zero, with its IP header.
func segment(src netip.Addr, srcPort uint16, dst netip.Addr, dstPort uint16) []byte {
	tcp := make([]byte, tcpSize)
	binary.BigEndian.PutUint16(tcp[0:], srcPort)
	binary.BigEndian.PutUint16(tcp[2:], dstPort)
	tcp[12], tcp[13] = tcpSize/4<<4, 0x10 // ACK
	binary.BigEndian.PutUint16(tcp[14:], 1024)
	pseudo := append(src.AsSlice(), dst.AsSlice()...)
	pseudo = append(pseudo, 0, unix.IPPROTO_TCP, 0, tcpSize)
	binary.BigEndian.PutUint16(tcp[16:], checksum(append(pseudo, tcp...)))
	if dst.Is6() {
		ip := make([]byte, 40)
		ip[0], ip[6], ip[7] = 0x60, unix.IPPROTO_TCP, 64
		binary.BigEndian.PutUint16(ip[4:], tcpSize)
		copy(ip[8:], src.AsSlice())
		copy(ip[24:], dst.AsSlice())
		return append(ip, tcp...)
	}
	ip := make([]byte, 20) // the kernel fills in length, identification and checksum
	ip[0], ip[8], ip[9] = 0x45, 64, unix.IPPROTO_TCP
	binary.BigEndian.PutUint16(ip[2:], 20+tcpSize)
	copy(ip[12:], src.AsSlice())
	copy(ip[16:], dst.AsSlice())
	return append(ip, tcp...)
}

// checksum is the Internet checksum (RFC 1071) of an even number of bytes.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
