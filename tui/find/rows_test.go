package find

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/tuitest"
)

// keptLines are the rows of a table that a filter keeps.
func keptLines(d *desk.Desk, k tables.Kind, filter string) string {
	n, file, signs := NewNames(d), d.Set().File(k), &desk.Signs{}
	signs.Take(d, k)
	var rows []int
	for i, line := range file.Lines {
		if len(line.Cells) > 0 {
			rows = append(rows, i+1)
		}
	}
	keep, problems := n.Ask(filter, RowRecords(&n, k, file, rows, signs))
	if len(problems) > 0 {
		return problems[0].Error()
	}
	var kept []string
	for i, num := range rows {
		if keep == nil || keep(i) {
			kept = append(kept, fmt.Sprint(num))
		}
	}
	return strings.Join(kept, " ")
}

func TestRowFilter(t *testing.T) {
	tests := []struct {
		kind         tables.Kind
		filter, want string
	}{
		{tables.Rules, "", "1 2 3 4 5"},
		{tables.Rules, "accept !nat", "1 2"},
		{tables.Rules, "src:203.0.113.0/24", "1"},
		{tables.Rules, "src:203.0.113.9", "1"},
		{tables.Rules, "src:203.0.113.99", ""},
		{tables.Rules, "src:admins", "1"},
		{tables.Rules, "src:nas", "3 4"}, // inside lan
		{tables.Rules, "ip:192.168.0.20", "3 4 5"},
		{tables.Rules, "dst:ALL", "1 2 3"},
		{tables.Rules, "zone:int", "3 4 5"},
		{tables.Rules, "zone:ext", "1 2 3 5"},
		{tables.Rules, "zone:ext>DOCKER", "2"},
		{tables.Rules, "zone:>ext", "3 5"}, // a row towards ALL is towards each zone
		{tables.Rules, "zone:>FW", "1 4 5"},
		{tables.Rules, "!zone:>FW", "2 3"},
		{tables.Rules, "zone:>ALL", "5"},
		{tables.Rules, "port:443", "2"},
		{tables.Rules, "port:1-1024", "1 2 4 5"},
		{tables.Rules, "port:dns", "5"},
		{tables.Rules, "port:ALL", "3"},
		{tables.Rules, "proto:udp", "2 5"},
		{tables.Rules, "action:accept", "1 2 3"},
		{tables.Rules, "action:log", "5"},
		{tables.Rules, "nat:src", "3"},
		{tables.Rules, "iface:docker0", "2 5"},
		{tables.Rules, "state:off", "4"},
		{tables.Rules, "rule:3", "3"},
		{tables.Rules, "rules:3", "3"},
		{tables.Rules, "!v6", "3 4"}, // lan has none
		{tables.Rules, "owner:docker", `owner:docker: this list has no owner (src dst ip zone port dport sport proto action nat iface state rule)`},
		{tables.Virtuals, "zone:ext>DOCKER", "2"},
		{tables.Virtuals, "dst:nas", "1 2"}, // and what overlaps it
		{tables.Virtuals, "dst:fd00::/8", "1"},
		{tables.Virtuals, "dport:443 nas", "1"},
		{tables.Addresses, "ip:192.168.0.0/16", "2 3"},
		{tables.Addresses, "v6", "1 3"},
		{tables.Services, "port:2000", "4"},
		{tables.Services, "proto:udp", "2 3"},
		{tables.Interfaces, "zone:int", "2"},
		{tables.Interfaces, "iface:eth", "1 2"},
	}
	for _, tt := range tests {
		t.Run(tt.kind.String()+" "+tt.filter, func(t *testing.T) {
			if got := keptLines(tuitest.Desk(t), tt.kind, tt.filter); got != tt.want {
				t.Errorf("%q keeps lines %q, want %q", tt.filter, got, tt.want)
			}
		})
	}
}

func TestPastFilter(t *testing.T) {
	list := []engine.Generation{
		{ID: "20261120-a1", When: time.Date(2026, 11, 20, 9, 14, 0, 0, time.UTC), Who: "alice from 203.0.113.7", Result: "confirmed"},
		{ID: "20261121-b2", When: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Who: "bob", Result: "rolled back"},
	}
	tests := []struct{ filter, want string }{
		{"who:alice", "20261120-a1"},
		{`state:"rolled back"`, "20261121-b2"},
		{"!state:rolled", "20261120-a1"},
		{"2026-11-21 bob", "20261121-b2"},
		{"zone:ext", ""},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			n := NewNames(tuitest.Desk(t))
			n.SpeakPast()
			keep, _ := n.Ask(tt.filter, func(i int) query.Record {
				return &PastRecord{&list[i], list[i].When.Format("2006-01-02 15:04"), string(list[i].Result)}
			})
			got := ""
			for i := range list {
				if keep(i) {
					got += list[i].ID
				}
			}
			if got != tt.want {
				t.Errorf("%q keeps %q, want %q", tt.filter, got, tt.want)
			}
		})
	}
}
