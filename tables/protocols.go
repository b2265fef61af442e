package tables

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// protocolNames are the IP protocols by the names that iptables knows by
// itself and those of Debian's /etc/protocols.
var protocolNames = map[string]uint8{
	"all": 0, "ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "st": 5, "tcp": 6, "egp": 8, "igp": 9,
	"pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36, "ddp": 37,
	"idpr-cmtp": 38, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50,
	"ah": 51, "skip": 57, "ipv6-icmp": 58, "icmpv6": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73,
	"vmtp": 81, "eigrp": 88, "ospf": 89, "ax.25": 93, "ipip": 94, "etherip": 97, "encap": 98, "pim": 103,
	"ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "ipv6-mh": 135, "mh": 135,
	"mobility-header": 135, "udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140, "wesp": 141,
	"rohc": 142, "ethernet": 143,
}

// readProtocols reads the protocols cell of an interface.
func readProtocols(text string) ([]Protocol, []finding) {
	return readList(text, readProtocol)
}

func readProtocol(text string) (Protocol, []finding) {
	lower := strings.ToLower(text)
	num, known := protocolNames[lower]
	n, err := strconv.ParseUint(text, 10, 8)
	switch {
	case text == "":
		return Protocol{}, []finding{fault("a protocol of the list is empty; remove the comma")}
	case len(text) > 1 && text[0] == '0':
		return Protocol{}, []finding{fault("protocol %s has a leading zero; write it in plain decimal", quote(text))}
	case err == nil:
		num = uint8(n)
	case strings.Trim(text, "0123456789") == "":
		return Protocol{}, []finding{fault("protocol %s is out of range (1-255)", text)}
	case !known:
		return Protocol{}, []finding{unknownProtocol(text)}
	}
	p := Protocol{Text: text, Num: num}
	switch {
	case num == 0:
		return p, []finding{note("protocol %s opens the firewall itself to everything on this interface; use a rule", quote(text))}
	case num == 1:
		return p, []finding{note("%s is of IPv4; for IPv6 it never matches, and ICMP is accepted anyway unless a rule refuses it", quote(text))}
	}
	return p, nil
}

func unknownProtocol(text string) finding {
	names := slices.Sorted(maps.Keys(protocolNames))
	if near := nearest(text, names); near != "" {
		return fault("unknown protocol %s; did you mean %s?", quote(text), quote(near)).instead(near)
	}
	return fault("unknown protocol %s; write its number", quote(text))
}
