package tables

import (
	"cmp"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// finding is something about a cell. Its place in the files is added by the
// check.
type finding struct {
	severity Severity
	text     string
	suggest  string // what the cell could hold instead
}

func fault(format string, args ...any) finding {
	return finding{severity: Error, text: fmt.Sprintf(format, args...)}
}

func note(format string, args ...any) finding {
	return finding{severity: Warning, text: fmt.Sprintf(format, args...)}
}

// instead adds what the cell could hold.
func (f finding) instead(text string) finding {
	f.suggest = text
	return f
}

// readList reads a cell that holds "-" or a comma list. A member that has an
// error is left out; a suggestion for a member becomes one for the cell.
func readList[V comparable](text string, read func(string) (V, []finding)) (values []V, findings []finding) {
	if text == Empty {
		return nil, nil
	}
	members := strings.Split(text, ",")
	for i, member := range members {
		value, found := read(member)
		bad := false
		for _, f := range found {
			bad = bad || f.severity == Error
			if f.suggest != "" {
				whole := slices.Clone(members)
				whole[i] = f.suggest
				f.suggest = strings.Join(whole, ",")
			}
			findings = append(findings, f)
		}
		switch {
		case bad:
		case slices.Contains(values, value):
			once := slices.Delete(slices.Clone(members), i, i+1)
			findings = append(findings, note("%s is listed twice", quote(member)).instead(strings.Join(once, ",")))
		default:
			values = append(values, value)
		}
	}
	return values, findings
}

// family is 4 or 6, the column that an address stands in.
type family int

const (
	ipv4 family = 4
	ipv6 family = 6
)

func (f family) String() string { return "IPv" + strconv.Itoa(int(f)) }

// bits is the length of an address.
func (f family) bits() int {
	if f == ipv4 {
		return 32
	}
	return 128
}

// readAddrs reads an address cell.
func readAddrs(text string, fam family) ([]AddrValue, []finding) {
	return readList(text, func(member string) (AddrValue, []finding) { return readAddr(member, fam) })
}

// readAddr reads one member of an address cell: a network, a range, an address
// or a host name. ipset, which MicroFW gives the text to, decides what is a
// value; what it resolves or completes is accepted with a warning.
func readAddr(text string, fam family) (AddrValue, []finding) {
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		inner = strings.TrimSuffix(inner, "]")
		value, findings := readAddr(inner, fam)
		return value, append(findings, note("%s needs no brackets; write %s", quote(text), inner).instead(inner))
	}
	switch {
	case text == "":
		return AddrValue{}, []finding{fault("a member of the list is empty; remove the comma")}
	case text == Empty:
		return AddrValue{}, []finding{fault("'-' means no address and cannot be in a list")}
	}
	if base, length, ok := strings.Cut(text, "/"); ok {
		return readPrefix(text, base, length, fam)
	}
	if first, last, ok := strings.Cut(text, "-"); ok && numeric(first) && numeric(last) {
		return readRange(text, first, last, fam)
	}
	if !numeric(text) && !strings.ContainsAny(text, ":%") {
		return readHost(text, fam)
	}
	addr, findings := readIP(text, fam)
	if !addr.IsValid() {
		return AddrValue{}, findings
	}
	if addr.IsUnspecified() {
		findings = append(findings, note("%s is the unspecified address, which hardly ever appears in traffic", addr))
	}
	return AddrValue{Prefix: netip.PrefixFrom(addr, addr.BitLen())}, findings
}

// numeric reports whether a text can only be meant as an address: it has
// digits and dots only, or a colon.
func numeric(text string) bool {
	return text != "" && (strings.Trim(text, "0123456789.") == "" || strings.Contains(text, ":"))
}

// readIP reads one address. The address is not valid when the findings have
// an error.
func readIP(text string, fam family) (netip.Addr, []finding) {
	if fam == ipv4 && !strings.Contains(text, ":") {
		return readIPv4(text)
	}
	if bare, zone, ok := strings.Cut(text, "%"); ok {
		return netip.Addr{}, []finding{fault("zone index %s is not possible in a rule; use the interface's zone", quote("%"+zone)).instead(bare)}
	}
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil && fam == ipv6 && strings.Contains(text, ":"):
		return netip.Addr{}, []finding{fault("%s is not an IPv6 address", quote(text))}
	case err != nil:
		return netip.Addr{}, []finding{notAddress(text, fam)}
	case addr.Is4() && fam == ipv6:
		return netip.Addr{}, []finding{fault("%s is an IPv4 address in the IPv6 column; move it to the IPv4 column", text)}
	case addr.Is6() && fam == ipv4:
		return netip.Addr{}, []finding{fault("%s is an IPv6 address in the IPv4 column; move it to the IPv6 column", text)}
	case addr.Is4In6():
		return addr, []finding{note("%s is an IPv4-mapped address, which never appears in traffic; put %s in the IPv4 column", text, addr.Unmap())}
	}
	return addr, nil
}

func notAddress(text string, fam family) finding {
	return fault("%s is not an %s address, network, range or host name", quote(text), fam)
}

// readIPv4 reads an address of digits and dots as the C library does, which
// ipset asks: up to four parts, of which the last one fills what is left. An
// octal part is refused, although the C library takes it.
func readIPv4(text string) (netip.Addr, []finding) {
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}, []finding{notAddress(text, ipv4)}
	}
	var value uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		limit := uint64(256)
		if i == len(parts)-1 {
			limit = 1 << (8 * (5 - len(parts)))
		}
		switch {
		case len(part) > 1 && part[0] == '0':
			return netip.Addr{}, []finding{octalAddress(text, parts)}
		case err != nil || n >= limit:
			return netip.Addr{}, []finding{notAddress(text, ipv4)}
		}
		value = value*limit + n
	}
	addr := addrFrom(uint32(value))
	if len(parts) < 4 {
		return addr, []finding{note("%s is not a complete IPv4 address; ipset reads it as %s; write that", quote(text), addr).instead(addr.String())}
	}
	return addr, nil
}

func addrFrom(v uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// octalAddress says what a leading zero would do.
func octalAddress(text string, parts []string) finding {
	decimal, octal := make([]string, len(parts)), make([]string, len(parts))
	read := true
	for i, part := range parts {
		decimal[i] = cmp.Or(strings.TrimLeft(part, "0"), "0")
		n, err := strconv.ParseUint(part, 0, 32)
		octal[i] = strconv.FormatUint(n, 10)
		read = read && err == nil
	}
	meant := strings.Join(decimal, ".")
	if !read {
		return fault("%s has a leading zero; write %s", quote(text), meant).instead(meant)
	}
	return fault("%s has a leading zero; iptables would read it as %s; write %s", quote(text), strings.Join(octal, "."), meant).instead(meant)
}

// readPrefix reads base/length.
func readPrefix(text, base, length string, fam family) (AddrValue, []finding) {
	if !numeric(base) && !strings.ContainsAny(base, ":%") {
		return AddrValue{}, []finding{fault("%s is not a network; before the / stands an address", quote(text))}
	}
	addr, findings := readIP(base, fam)
	if !addr.IsValid() {
		for i := range findings {
			if findings[i].suggest != "" {
				findings[i].suggest += "/" + length
			}
		}
		return AddrValue{}, findings
	}
	n, err := strconv.ParseUint(length, 10, 32)
	switch {
	case strings.Contains(length, "."):
		return AddrValue{}, []finding{maskFault(base, length)}
	case len(length) > 1 && length[0] == '0':
		return AddrValue{}, []finding{fault("prefix length %s has a leading zero; write it in plain decimal", quote(length))}
	case err != nil:
		return AddrValue{}, []finding{fault("%s has no prefix length; write one of 1 to %d after the /", quote(text), fam.bits())}
	case n > uint64(fam.bits()):
		return AddrValue{}, []finding{fault("prefix length %s is too long for %s (1-%d)", length, fam, fam.bits())}
	case n == 0:
		return AddrValue{}, []finding{everyAddress(text)}
	}
	prefix := netip.PrefixFrom(addr, int(n)).Masked()
	switch {
	case len(findings) > 0 && !addr.Is4In6():
		findings = []finding{note("%s has no complete IPv4 address; ipset reads it as %s; write that", quote(text), prefix).instead(prefix.String())}
	case prefix.Addr() != addr:
		findings = append(findings, note("%s has host bits set; did you mean %s or %s?", text, prefix, addr).instead(prefix.String()))
	}
	return AddrValue{Prefix: prefix}, findings
}

func everyAddress(text string) finding {
	return fault("%s is every address and cannot be a set member; use ALL in the rule", text)
}

// maskFault says how to write a network mask as a prefix length.
func maskFault(base, mask string) finding {
	general := fault("write the mask %s as a prefix length (for example /24)", quote(mask))
	addr, err := netip.ParseAddr(mask)
	if err != nil || !addr.Is4() {
		return general
	}
	b := addr.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	n := bits.LeadingZeros32(^v)
	if n == 0 || v<<n != 0 {
		return general
	}
	meant := base + "/" + strconv.Itoa(n)
	return fault("write the mask as a prefix length: %s", meant).instead(meant)
}

// readRange reads first-last. Like ipset it takes the ends in either order.
func readRange(text, first, last string, fam family) (AddrValue, []finding) {
	from, findings := readIP(first, fam)
	to, more := readIP(last, fam)
	if !from.IsValid() || !to.IsValid() {
		return AddrValue{}, bare(append(findings, more...))
	}
	swapped := to.Less(from)
	if swapped {
		from, to = to, from
	}
	read := from.String() + "-" + to.String()
	switch p, one := rangePrefix(from, to); {
	case one && p.Bits() == 0:
		return AddrValue{}, []finding{everyAddress(text)}
	case swapped || text != read && fam == ipv4:
		findings = []finding{note("%s is read as the range %s; write that", quote(text), read).instead(read)}
	case one:
		findings = []finding{note("the range %s is the network %s; write that", read, p).instead(p.String())}
		return AddrValue{Prefix: p}, findings
	default:
		findings = []finding{note("the range %s is split into networks when it is loaded; a network is cheaper", read)}
	}
	if from == to {
		return AddrValue{Prefix: netip.PrefixFrom(from, from.BitLen())}, findings
	}
	return AddrValue{From: from, To: to}, findings
}

// bare drops the suggestions, which were for a part of the text.
func bare(findings []finding) []finding {
	for i := range findings {
		findings[i].suggest = ""
	}
	return findings
}

// rangePrefix is the network that covers a range exactly, if there is one.
func rangePrefix(from, to netip.Addr) (netip.Prefix, bool) {
	a, b := from.AsSlice(), to.AsSlice()
	common := 0
	for i := range a {
		n := bits.LeadingZeros8(a[i] ^ b[i])
		common += n
		if n < 8 {
			break
		}
	}
	p := netip.PrefixFrom(from, common)
	if p.Masked().Addr() != from {
		return p, false
	}
	for i := common; i < from.BitLen(); i++ {
		if b[i/8]>>(7-i%8)&1 == 0 {
			return p, false
		}
	}
	return p, true
}

// readHost reads a host name. It is resolved by others, when the tables are
// compiled.
func readHost(text string, fam family) (AddrValue, []finding) {
	if !hostName(text) {
		return AddrValue{}, []finding{notAddress(text, fam)}
	}
	return AddrValue{Host: text}, []finding{note("%s is a host name, resolved once when the tables are compiled; give an address", quote(text))}
}

// hostName reports whether a text has the form of a host name that is no
// mistyped address: the last label does not start with a digit.
func hostName(text string) bool {
	labels := strings.Split(text, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || !hostLetters(label) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(text) <= 253 && (last[0] < '0' || last[0] > '9')
}

func hostLetters(label string) bool {
	for i := range len(label) {
		if c := label[i]; !letterOrDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func letterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
