package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/etc"
	"github.com/mfwtui/mfwtui/tables"
)

// StarterFacts are what the first tables of a host are made from.
type StarterFacts struct {
	Interfaces []HostInterface
	// Client and Server are the ends of the SSH session of whoever asks;
	// not valid without one. In is the interface by which it comes in.
	Client, Server netip.AddrPort
	In             string
	// Zones overrides the zone of an interface; an empty zone leaves the
	// interface out of the tables.
	Zones map[string]string
	// Wide lets in the network of the client instead of its address alone.
	Wide bool
}

// Zone is the zone of an interface: the chosen one, or else the guess.
func (f StarterFacts) Zone(i HostInterface) string {
	if zone, ok := f.Zones[i.Name]; ok {
		return zone
	}
	return i.Zone()
}

// Listed are the interfaces that get a row unless the person says otherwise.
// What a bridge carries is judged by the bridge, and a name may have letters
// that no table holds.
func (f StarterFacts) Listed() []HostInterface {
	return slices.DeleteFunc(slices.Clone(f.Interfaces), func(i HostInterface) bool {
		return i.Port || strings.ContainsFunc(i.Name, func(r rune) bool { return !nameLetter(r) })
	})
}

func nameLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.@", r)
}

// SSH reports whether there is a session to keep reachable. One from this host
// itself comes in by the loopback interface, which is always open.
func (f StarterFacts) SSH() bool {
	return f.Client.IsValid() && !f.Client.Addr().IsLoopback() && f.Client.Addr() != f.Server.Addr()
}

// ClientZone is the zone that the session comes from: that of the interface it
// comes in by, or else of the one with the server's address. It is empty when
// neither is in a zone.
func (f StarterFacts) ClientZone() string {
	for _, i := range f.Interfaces {
		if i.Name == f.In {
			return f.Zone(i)
		}
	}
	for _, i := range f.Interfaces {
		if slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Addr() == f.Server.Addr() }) {
			return f.Zone(i)
		}
	}
	return ""
}

// ClientNetwork is the network around the client: that of an interface when the
// client is in it, or else a guess, a /24 or a /64.
func (f StarterFacts) ClientNetwork() netip.Prefix {
	client := f.Client.Addr()
	for _, i := range f.Interfaces {
		for _, p := range i.Addrs {
			if p.Contains(client) && !p.IsSingleIP() {
				return p.Masked()
			}
		}
	}
	length := 24
	if client.Is6() {
		length = 64
	}
	return netip.PrefixFrom(client, length).Masked()
}

// The names that the first tables use.
const (
	adminName = "admin"
	sshPort   = 22
)

// Starter makes the first tables of a host: the sample services and options,
// its real interfaces with their networks, and one rule that keeps the SSH
// session reachable. What else is usual stands there switched off. It fails
// when a zone cannot stand in a table.
func Starter(f StarterFacts) (*tables.Set, error) {
	s := starter{StarterFacts: f}
	set := tables.NewSet(s.addresses(), s.services(), s.interfaces(), s.rules(), head(tables.Virtuals), sample(tables.Options))
	return set, s.err
}

// starter makes the tables; err is the first row that was refused.
type starter struct {
	StarterFacts
	err error
}

// sample is a sample table, whole.
func sample(k tables.Kind) *tables.File {
	data, err := etc.Samples.ReadFile(k.String())
	if err != nil {
		panic(fmt.Sprintf("the embedded sample %s: %v", k, err)) // it is part of the program
	}
	return tables.Parse(k, data)
}

// head is the beginning of a sample table, which says what its rows mean.
func head(k tables.Kind) *tables.File {
	f := sample(k)
	if end := slices.IndexFunc(f.Lines, (*tables.Line).IsBlank); end >= 0 {
		f.Lines = f.Lines[:end+1]
	}
	return f
}

// add appends a row.
func (s *starter) add(f *tables.File, texts ...string) { s.insert(f, len(f.Lines)+1, texts...) }

// offer appends a row that is switched off.
func (s *starter) offer(f *tables.File, texts ...string) {
	s.add(f, texts...)
	if s.err == nil {
		s.err = f.Disable(len(f.Lines))
	}
}

func (s *starter) insert(f *tables.File, num int, texts ...string) {
	if err := f.InsertRow(num, texts); s.err == nil {
		s.err = err
	}
}

// say appends a comment, and a blank line before it.
func say(f *tables.File, comment string) {
	more := tables.Parse(f.Kind, []byte("\n# "+comment+"\n"))
	if n := len(f.Lines); n > 0 && f.Lines[n-1].IsBlank() {
		more.Lines = more.Lines[1:]
	}
	f.Lines = append(f.Lines, more.Lines...)
}

func (s *starter) addresses() *tables.File {
	f := head(tables.Addresses)
	if s.SSH() {
		from, value := "address", netip.PrefixFrom(s.Client.Addr(), s.Client.Addr().BitLen())
		if s.Wide {
			from, value = "network", s.ClientNetwork()
		}
		say(f, "the administrator: the "+from+" that this was set up from")
		values := [2][]netip.Prefix{}
		if value.Addr().Is4() {
			values[0] = []netip.Prefix{value}
		} else {
			values[1] = []netip.Prefix{value}
		}
		s.add(f, adminName, prefixCell(values[0]), prefixCell(values[1]))
	}
	begun := false
	for _, i := range s.inZones() {
		row, ok := i.AddressRow()
		if ok && !begun {
			begun = true
			say(f, "the networks of this host's interfaces")
		}
		if ok {
			s.add(f, row...)
		}
	}
	return f
}

// services are the sample ones, and one more when sshd listens elsewhere.
func (s *starter) services() *tables.File {
	f := sample(tables.Services)
	if name, port := s.sshService(); port != sshPort {
		s.insert(f, slices.IndexFunc(f.Lines, (*tables.Line).IsRow)+1, name, strconv.Itoa(int(port)), tables.Empty)
	}
	return f
}

// sshService names the service that the session uses.
func (s *starter) sshService() (name string, port uint16) {
	if port = s.Server.Port(); !s.SSH() || port == sshPort {
		return "ssh", sshPort
	}
	return fmt.Sprintf("ssh-%d", port), port
}

func (s *starter) interfaces() *tables.File {
	f := head(tables.Interfaces)
	for _, i := range s.inZones() {
		s.add(f, i.Name, s.Zone(i), tables.Empty)
	}
	return f
}

// inZones are the interfaces that get a row.
func (s *starter) inZones() []HostInterface {
	return slices.DeleteFunc(s.Listed(), func(i HostInterface) bool { return s.Zone(i) == "" })
}

func (s *starter) rules() *tables.File {
	f := head(tables.Rules)
	service, _ := s.sshService()
	if zone := s.ClientZone(); s.SSH() && zone != "" {
		say(f, "The way in for the administrator. Keep this row until you are sure of another one.")
		s.add(f, zone, tables.FW, adminName, tables.All, service, tables.Accept.String())
	}
	var zones []string
	for _, i := range s.inZones() {
		if zone := s.Zone(i); !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	if len(zones) > 0 {
		say(f, "What is usual and switched off. On the Policy screen x switches a row on.")
	}
	for _, zone := range zones {
		if zone != tables.Docker {
			s.offer(f, zone, tables.FW, tables.All, tables.All, service, tables.Accept.String())
		}
		if zone == zoneExternal {
			continue
		}
		s.offer(f, zone, tables.FW, tables.All, tables.All, "dns", tables.Accept.String())
		if slices.Contains(zones, zoneExternal) {
			s.offer(f, zone, zoneExternal, tables.All, tables.All, tables.All, "accept+nat")
		}
	}
	return f
}
