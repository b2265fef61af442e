package engine

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestInterfaceSuggestsItsZone(t *testing.T) {
	for _, test := range []struct {
		i    HostInterface
		want string
	}{
		{HostInterface{Name: "eth0", Default: true}, "ext"},
		{HostInterface{Name: "eth1"}, "int"},
		{HostInterface{Name: "docker0"}, "DOCKER"},
		{HostInterface{Name: "br-7f3c0a1b2c3d"}, "DOCKER"},
		{HostInterface{Name: "br0"}, "int"},
	} {
		if got := test.i.Zone(); got != test.want {
			t.Errorf("%s: %s, want %s", test.i.Name, got, test.want)
		}
	}
}

func TestInterfaceMakesAddressRows(t *testing.T) {
	i := HostInterface{Name: "wg@0:1"}
	for _, p := range []string{"192.0.2.10/24", "192.0.2.11/24", "10.0.0.1/32", "2001:db8::10/64", "fe80::1/64"} {
		i.Addrs = append(i.Addrs, netip.MustParsePrefix(p))
	}
	net, _ := i.AddressRow()
	own, _ := i.OwnRow()
	if got, want := strings.Join(net, " "), "wg_0_1_net 192.0.2.0/24,10.0.0.1 2001:db8::/64"; got != want {
		t.Errorf("networks %q, want %q", got, want)
	}
	if got, want := strings.Join(own, " "), "wg_0_1_addr 192.0.2.10,192.0.2.11,10.0.0.1 2001:db8::10"; got != want {
		t.Errorf("addresses %q, want %q", got, want)
	}
	if _, ok := (HostInterface{Name: "eth9"}).AddressRow(); ok {
		t.Error("a row for an interface without addresses")
	}
}

// What this host has is not known to a test, but some of it must hold anywhere.
func TestHostInterfacesLeaveLoopbackOut(t *testing.T) {
	list, err := New(Config{Dir: t.TempDir()}).HostInterfaces()
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(list, func(i HostInterface) bool { return i.Name == "lo" }) {
		t.Error("lo is listed")
	}
}
