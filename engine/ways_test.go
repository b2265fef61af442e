package engine

import (
	"net/netip"
	"testing"
)

func TestWaysTakeTheLongestRoute(t *testing.T) {
	var w Ways
	for _, r := range [][2]string{
		{"0.0.0.0/0", "eth0"}, {"10.0.0.0/8", "tun0"}, {"10.1.0.0/16", "eth1"}, {"10.1.0.0/16", "late"}, {"::/0", "eth0"}, {"2001:db8::/32", "eth1"},
	} {
		w.AddRoute(netip.MustParsePrefix(r[0]), r[1])
	}
	w.AddLocal(netip.MustParseAddr("10.1.0.1"))
	tests := []struct {
		addr  string
		local bool
		iface string
	}{
		{"8.8.8.8", false, "eth0"},
		{"10.9.9.9", false, "tun0"},
		{"10.1.2.3", false, "eth1"},
		{"10.1.0.1", true, ""},
		{"2001:db8::1", false, "eth1"},
		{"2a00::1", false, "eth0"},
	}
	for _, tt := range tests {
		if local, iface := w.To(netip.MustParseAddr(tt.addr)); local != tt.local || iface != tt.iface {
			t.Errorf("%s: %v %q, want %v %q", tt.addr, local, iface, tt.local, tt.iface)
		}
	}
	var none Ways
	if local, iface := none.To(netip.MustParseAddr("8.8.8.8")); local || iface != "" {
		t.Errorf("without routes: %v %q", local, iface)
	}
}

func TestWaysReadThisHost(t *testing.T) {
	w, err := (&Engine{}).Ways(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if local, _ := w.To(netip.MustParseAddr("127.0.0.1")); !local {
		t.Error("127.0.0.1 is not one of this host")
	}
	for _, text := range []string{"192.0.2.1", "10.99.0.1"} {
		a := netip.MustParseAddr(text)
		local, want := routeTo(a)
		if got, iface := w.To(a); got != local || iface != want {
			t.Errorf("%s: %v %q, the kernel says %v %q", text, got, iface, local, want)
		}
	}
}
