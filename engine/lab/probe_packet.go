package lab

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// ICMP types of echo (RFC 792, RFC 4443).
const (
	echoRequest4, echoReply4 = 8, 0
	echoRequest6, echoReply6 = 128, 129
)

// newNumber tells the packets of one probe from those of another.
func newNumber() uint32 { return rand.Uint32() }

// packet is what a probe sends, from the header of its protocol on. The kernel
// adds the headers of UDP and IP, and the checksums that cover IPv6 addresses.
func (p Probe) packet(number uint32) []byte {
	switch p.Proto {
	case ruleset.UDP:
		return binary.BigEndian.AppendUint32(nil, number)
	case ruleset.ICMP, ruleset.ICMPv6:
		return echo(p.Proto, number)
	}
	b := make([]byte, rawLength)
	binary.BigEndian.PutUint32(b[rawNumber:], number)
	b[rawMark] = rawQuestion
	if p.Dst.Is4() {
		binary.BigEndian.PutUint16(b[rawChecksum:], checksum(b))
	}
	return b
}

// echo is an echo request whose identifier and sequence are the number.
func echo(proto uint8, number uint32) []byte {
	b := make([]byte, 16)
	b[0] = echoRequest6
	binary.BigEndian.PutUint32(b[4:], number)
	if proto == ruleset.ICMP {
		b[0] = echoRequest4
		binary.BigEndian.PutUint16(b[2:], checksum(b))
	}
	return b
}

// checksum is the internet checksum (RFC 1071) of an even number of bytes.
func checksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// parse reads a packet that came back and reports whether it answers this
// probe.
func (p Probe) parse(data []byte, number uint32) (Answer, bool) {
	if p.Proto == ruleset.UDP {
		return parseUDP(data, number)
	}
	if p.Dst.Is4() { // a raw IPv4 socket hands out the IP header, an IPv6 one does not
		if len(data) < 20 || len(data) < int(data[0]&0xf)*4 {
			return Answer{}, false
		}
		data = data[int(data[0]&0xf)*4:]
	}
	if len(data) < rawLength || binary.BigEndian.Uint32(data[rawNumber:]) != number {
		return Answer{}, false
	}
	switch p.Proto {
	case ruleset.ICMP:
		return Answer{Outcome: Open}, data[0] == echoReply4
	case ruleset.ICMPv6:
		return Answer{Outcome: Open}, data[0] == echoReply6
	}
	return Answer{Outcome: Open}, data[rawMark] == rawAnswer
}

// quotes reports whether an ICMP error that quotes these bytes is about this
// probe. A UDP socket gets the errors of its port alone, a raw one all of its
// host.
func (p Probe) quotes(quoted []byte, number uint32) bool {
	return p.Proto == ruleset.UDP ||
		len(quoted) >= rawNumber+4 && binary.BigEndian.Uint32(quoted[rawNumber:]) == number
}

func parseUDP(data []byte, number uint32) (Answer, bool) {
	line, payload, ok := strings.Cut(string(data), "\n")
	if !ok || len(payload) != 4 || binary.BigEndian.Uint32([]byte(payload)) != number {
		return Answer{}, false
	}
	return greeted(line)
}

// greeted is the answer of a server that said line.
func greeted(line string) (Answer, bool) {
	name, local, peer, err := parseGreeting(line)
	return Answer{Outcome: Open, Server: name, Local: local, Seen: peer}, err == nil
}
