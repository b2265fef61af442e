package live

import (
	"slices"
	"testing"

	"github.com/mfwtui/mfwtui/engine/lab"
)

func TestReadInterfacesKnowsBridgesPortsAndAddresses(t *testing.T) {
	a, b := newNamespace(t), newNamespace(t)
	err := lab.Cable(lab.End{In: a, Iface: "eth0", Addrs: lab.Prefixes("10.1.0.1/24 fd01::1/64")}, lab.End{In: b, Iface: "port"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Bridge("br0", lab.Prefixes("10.1.0.2/24"), "port"); err != nil {
		t.Fatal(err)
	}
	read := func(ns *lab.Namespace) map[string]Interface {
		found := map[string]Interface{}
		in(t, ns, func() error {
			list, err := ReadInterfaces()
			for _, i := range list {
				found[i.Name] = i
			}
			return err
		})
		return found
	}
	eth0 := read(a)["eth0"]
	for _, want := range lab.Prefixes("10.1.0.1/24 fd01::1/64") {
		if !slices.Contains(eth0.Addrs, want) {
			t.Errorf("eth0 has %v, want %s among them", eth0.Addrs, want)
		}
	}
	if !eth0.Up || eth0.Bridge || eth0.Master != "" {
		t.Errorf("eth0 is %+v, want it up, no bridge and no port", eth0)
	}
	there := read(b)
	if br := there["br0"]; !br.Bridge || !br.Up {
		t.Errorf("br0 is %+v, want a bridge that is up", br)
	}
	if port := there["port"]; port.Master != "br0" || port.Bridge {
		t.Errorf("port is %+v, want a port of br0", port)
	}
}
