package live

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// ReadListeners lists the TCP sockets that listen in the calling thread's
// network namespace. It needs no privilege.
func ReadListeners() ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, name := range []string{"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"} {
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("list sockets: %w", err)
		}
		all = append(all, parseListeners(string(text))...)
	}
	return all, nil
}

// stateListen is TCP_LISTEN of include/net/tcp_states.h, as /proc prints it.
const stateListen = "0A"

// parseListeners reads /proc/net/tcp or tcp6. Lines of another form are left
// out.
func parseListeners(text string) []netip.AddrPort {
	var list []netip.AddrPort
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 4 || words[3] != stateListen {
			continue
		}
		if at, ok := parseSocketAddr(words[1]); ok {
			list = append(list, at)
		}
	}
	return list
}

// parseSocketAddr reads an address as the kernel prints it: words of 32 bits in
// the byte order of the machine, then the port as a number.
func parseSocketAddr(text string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(host)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, false
	}
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	addr, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), true
}
