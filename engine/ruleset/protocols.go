package ruleset

import "strconv"

// protocolNames are the names that iptables knows without /etc/protocols
// (xtables_chain_protos in libxtables). The rest is printed as numbers, so
// that the text loads on every host.
var protocolNames = map[uint8]string{
	1: "icmp", 6: "tcp", 17: "udp", 33: "dccp", 50: "esp", 51: "ah", 58: "ipv6-icmp", 132: "sctp", 135: "ipv6-mh", 136: "udplite",
}

// protocolNumbers are the names that iptables-save may print: those above,
// their aliases, and /etc/protocols as Debian 12 ships it.
var protocolNumbers = map[string]uint8{
	"all": 0, "tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "icmpv6": 58, "igmp": 2, "sctp": 132, "dccp": 33,
	"udplite": 136, "esp": 50, "ah": 51, "ipv6-mh": 135, "mh": 135, "mobility-header": 135,
	"ip": 0, "hopopt": 0, "ggp": 3, "ipencap": 4, "st": 5, "egp": 8, "igp": 9, "pup": 12, "hmp": 20, "xns-idp": 22,
	"rdp": 27, "iso-tp4": 29, "xtp": 36, "ddp": 37, "idpr-cmtp": 38, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44,
	"idrp": 45, "rsvp": 46, "gre": 47, "ipsec-esp": 50, "ipsec-ah": 51, "skip": 57, "ipv6-nonxt": 59,
	"ipv6-opts": 60, "rspf": 73, "vmtp": 81, "eigrp": 88, "ospf": 89, "ospfigp": 89, "ax.25": 93, "ipip": 94, "etherip": 97,
	"encap": 98, "pim": 103, "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "fc": 133,
	"rsvp-e2e-ignore": 134, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140, "wesp": 141, "rohc": 142, "ethernet": 143,
}

// ProtocolName is the name that the printer writes for a protocol number:
// what iptables knows by itself, else the number.
func ProtocolName(n uint8) string {
	if name, ok := protocolNames[n]; ok {
		return name
	}
	return strconv.Itoa(int(n))
}

// ProtocolNumber reads a protocol cell or word: a number, or a name.
func ProtocolNumber(s string) (uint8, bool) {
	if n, ok := protocolNumbers[s]; ok {
		return n, true
	}
	return parseUint[uint8](s, 8)
}
