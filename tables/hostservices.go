package tables

import (
	"strconv"
	"strings"
)

// HostService is a service as /etc/services knows it: the ports of one name in
// both protocols, 0 for none.
type HostService struct {
	Name     string
	TCP, UDP uint16
	Aliases  []string
}

// HostServices reads a list in the form of /etc/services, the lines of one name
// merged, in the order of the list. Other protocols and lines of another form
// are left out.
func HostServices(list string) []HostService {
	var services []HostService
	at := make(map[string]int)
	for line := range strings.Lines(list) {
		names, port, proto, ok := serviceLine(line)
		if !ok || port == 0 || proto != "tcp" && proto != "udp" {
			continue
		}
		i, known := at[names[0]]
		if !known {
			i = len(services)
			at[names[0]] = i
			services = append(services, HostService{Name: names[0], Aliases: names[1:]})
		}
		s := &services[i]
		switch {
		case proto == "tcp" && s.TCP == 0:
			s.TCP = port
		case proto == "udp" && s.UDP == 0:
			s.UDP = port
		}
	}
	return services
}

// Row is the service as a row of the services table.
func (s HostService) Row() []string { return []string{s.Name, portCell(s.TCP), portCell(s.UDP)} }

func portCell(port uint16) string {
	if port == 0 {
		return Empty
	}
	return strconv.Itoa(int(port))
}

// serviceLine reads a line of /etc/services: the name and its aliases, the port
// and the protocol.
func serviceLine(line string) (names []string, port uint16, proto string, ok bool) {
	line, _, _ = strings.Cut(line, "#")
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return nil, 0, "", false
	}
	number, proto, _ := strings.Cut(fields[1], "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, 0, "", false
	}
	return append([]string{fields[0]}, fields[2:]...), uint16(n), proto, true
}
