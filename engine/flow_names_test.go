package engine

import (
	"net/netip"
	"testing"
)

func TestAFlowIsNamedByWhereItGoesBeforeWhereItComesFrom(t *testing.T) {
	names := FlowNames{containers: map[netip.Addr]string{
		netip.MustParseAddr("172.17.0.2"): "web", netip.MustParseAddr("172.17.0.3"): "db",
	}}
	tests := []struct {
		name string
		flow Flow
		want string
	}{
		{"to a container", flowOf("203.0.113.9", 50000, "172.17.0.2", 80, "172.17.0.2", 80), "web"},
		{"to one behind a translation", flowOf("203.0.113.9", 50000, "203.0.113.1", 8080, "172.17.0.2", 80), "web"},
		{"from a container", flowOf("172.17.0.3", 50000, "198.51.100.7", 443, "198.51.100.7", 443), "db"},
		{"between two", flowOf("172.17.0.3", 50000, "172.17.0.2", 80, "172.17.0.2", 80), "web"},
		{"with none", flowOf("203.0.113.9", 50000, "203.0.113.1", 22, "203.0.113.1", 22), ""},
	}
	for _, tt := range tests {
		if got := names.Container(&tt.flow); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
