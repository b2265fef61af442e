package tables

import (
	"strconv"
	"strings"
)

// portLookup finds the port of a service name such as "ssh".
type portLookup func(name, proto string) (uint16, bool)

// readPorts reads a service cell for "tcp" or "udp".
func readPorts(text, proto string, lookup portLookup) ([]PortSpec, []finding) {
	return readList(text, func(member string) (PortSpec, []finding) { return readPortSpec(member, proto, lookup) })
}

// readPortSpec reads one member of a service cell: ports, or the ports of the
// two ends as source>destination.
func readPortSpec(text, proto string, lookup portLookup) (PortSpec, []finding) {
	var spec PortSpec
	var findings []finding
	dest := text
	if source, rest, ok := strings.Cut(text, ">"); ok {
		spec.SrcLo, spec.SrcHi, findings = readPortRange(source, proto, lookup)
		dest = rest
		for i := range findings {
			if findings[i].suggest != "" {
				findings[i].suggest += ">" + rest
			}
		}
	}
	lo, hi, more := readPortRange(dest, proto, lookup)
	for _, f := range more {
		if f.suggest != "" {
			f.suggest = strings.TrimSuffix(text, dest) + f.suggest
		}
		findings = append(findings, f)
	}
	spec.Lo, spec.Hi = lo, hi
	return spec, findings
}

// readPortRange reads a port or first-last. Like ipset it takes the ends in
// either order.
func readPortRange(text, proto string, lookup portLookup) (lo, hi uint16, findings []finding) {
	first, last, isRange := strings.Cut(text, "-")
	if isRange && first != "" {
		if port, known := serviceName(text, proto, lookup); known {
			return port, port, []finding{nameNote(text, port)}
		}
	}
	if !isRange || first == "" {
		port, findings := readPort(text, proto, lookup)
		return port, port, findings
	}
	lo, findings = readPort(first, proto, lookup)
	hi, more := readPort(last, proto, lookup)
	if (lo == 0 || hi == 0) && strings.Trim(text, "0123456789-") != "" {
		return 0, 0, []finding{notPort(text)}
	}
	findings = bare(append(findings, more...))
	if hi != 0 && lo > hi {
		lo, hi = hi, lo
		read := strconv.Itoa(int(lo)) + "-" + strconv.Itoa(int(hi))
		findings = append(findings, note("range %s is reversed; write %s", text, read).instead(read))
	}
	return lo, hi, findings
}

// readPort reads one port. It is 0 when the findings have an error.
func readPort(text, proto string, lookup portLookup) (uint16, []finding) {
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case text == "":
		return 0, []finding{fault("a port is missing; write a number of 1 to 65535")}
	case text == Empty:
		return 0, []finding{fault("'-' means no port and cannot be in a list")}
	case len(text) > 1 && text[0] == '0':
		return 0, []finding{octalPort(text)}
	case err == nil && n == 0:
		return 0, []finding{fault("port 0 is not usable (1-65535)")}
	case err == nil && n <= 65535:
		return uint16(n), nil
	case strings.Trim(strings.TrimPrefix(text, "-"), "0123456789") == "":
		return 0, []finding{fault("port %s is out of range (1-65535)", text)}
	}
	if port, known := serviceName(text, proto, lookup); known {
		return port, []finding{nameNote(text, port)}
	}
	if plain := loosePort(text); plain != "" {
		port, findings := readPort(plain, proto, lookup)
		if port != 0 {
			findings = []finding{note("%s is read as port %d; write that", quote(text), port).instead(strconv.Itoa(int(port)))}
		}
		return port, findings
	}
	return 0, []finding{notPort(text)}
}

func notPort(text string) finding {
	return fault("%s is not a port number (1-65535) or a known service name", quote(text))
}

// loosePort undoes what ipset also reads: a sign, or a protocol before the
// port.
func loosePort(text string) string {
	if plain, ok := strings.CutPrefix(text, "+"); ok {
		return plain
	}
	proto, plain, _ := strings.Cut(text, ":")
	switch proto {
	case "tcp", "udp", "sctp", "udplite":
		return plain
	}
	return ""
}

// octalPort says what a leading zero would do.
func octalPort(text string) finding {
	meant := strings.TrimLeft(text, "0")
	n, err := strconv.ParseUint(text, 0, 64)
	switch {
	case meant == "" || strings.Trim(meant, "0123456789") != "":
		return fault("%s is not a decimal port number (1-65535)", quote(text))
	case err != nil:
		return fault("%s has a leading zero; write %s", quote(text), meant).instead(meant)
	}
	return fault("%s has a leading zero; iptables would read it as %d; write %s", quote(text), n, meant).instead(meant)
}

func nameNote(name string, port uint16) finding {
	return note("%s is a service name, read as port %d; write the number", quote(name), port).instead(strconv.Itoa(int(port)))
}

// serviceName looks a name up as ipset does, which asks for TCP whatever the
// set is for, and then for the protocol of the column.
func serviceName(name, proto string, lookup portLookup) (uint16, bool) {
	if lookup == nil {
		lookup = builtinService
	}
	if port, ok := lookup(name, "tcp"); ok {
		return port, true
	}
	return lookup(name, proto)
}

// builtinService knows the names of the IANA registry that tables use most,
// for when the system's list is not at hand.
func builtinService(name, _ string) (uint16, bool) {
	port, ok := builtinServices[name]
	return port, ok
}

var builtinServices = map[string]uint16{
	"ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68,
	"tftp": 69, "http": 80, "www": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "ntp": 123, "imap2": 143, "imap": 143,
	"snmp": 161, "snmp-trap": 162, "bgp": 179, "ldap": 389, "https": 443, "microsoft-ds": 445, "submissions": 465,
	"isakmp": 500, "syslog": 514, "submission": 587, "ipp": 631, "ldaps": 636, "domain-s": 853, "rsync": 873,
	"imaps": 993, "pop3s": 995, "openvpn": 1194, "ms-sql-s": 1433, "radius": 1812, "nfs": 2049, "mysql": 3306,
	"svn": 3690, "ipsec-nat-t": 4500, "munin": 4949, "sip": 5060, "mdns": 5353, "postgresql": 5432, "amqp": 5672,
	"redis": 6379, "http-alt": 8080, "git": 9418,
}

// ServiceNames reads a list of services in the form of /etc/services and
// gives the lookup for Facts.Services. Lines of another form are left out.
func ServiceNames(list string) func(name, proto string) (uint16, bool) {
	ports := make(map[string]uint16)
	for line := range strings.Lines(list) {
		names, port, proto, ok := serviceLine(line)
		if !ok {
			continue
		}
		for _, name := range append(names[1:], names[0]) {
			if _, known := ports[name+"/"+proto]; !known {
				ports[name+"/"+proto] = port
			}
		}
	}
	return func(name, proto string) (uint16, bool) {
		port, ok := ports[name+"/"+proto]
		return port, ok
	}
}
