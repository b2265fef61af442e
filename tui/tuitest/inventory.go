package tuitest

import (
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// sampleServices is the beginning of a list like /etc/services.
const sampleServices = `ssh 22/tcp
telnet 23/tcp
smtp 25/tcp mail
domain 53/tcp
domain 53/udp
http 80/tcp www
ntp 123/udp
imap2 143/tcp imap
snmp 161/tcp
snmp 161/udp
https 443/tcp
https 443/udp
submissions 465/tcp
syslog 514/udp
imaps 993/tcp
openvpn 1194/udp
postgresql 5432/tcp
munin 4949/tcp lrrd
`

// HostServices lists well-known services.
func (s *Site) HostServices() ([]tables.HostService, error) {
	if err := s.enter("HostServices"); err != nil {
		return nil, err
	}
	list := tables.HostServices(sampleServices)
	for i := range list {
		list[i].Name += s.Taint
	}
	return list, nil
}

// HostInterfaces lists the interfaces that the sample tables name, and two more.
func (s *Site) HostInterfaces() ([]engine.HostInterface, error) {
	if err := s.enter("HostInterfaces"); err != nil {
		return nil, err
	}
	list := []engine.HostInterface{
		{Name: "eth0", Up: true, Default: true, Addrs: prefixes("198.51.100.4/24", "2001:db8::4/64")},
		{Name: "eth1", Up: true, Addrs: prefixes("192.168.0.1/24", "fd00:1::1/64", "fe80::1/64")},
		{Name: "docker0", Up: true, Addrs: prefixes("172.17.0.1/16")},
		{Name: "veth3f1", Up: true, Port: true},
		{Name: "wg0", Addrs: prefixes("10.8.0.1/24")},
	}
	for i := range list {
		list[i].Name += s.Taint
	}
	return list, nil
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		list[i] = netip.MustParsePrefix(t)
	}
	return list
}
