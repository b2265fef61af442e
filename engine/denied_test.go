package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// denied is what was logged, as soon as there are so many groups of packets.
func (s *site) denied(groups int) (list []engine.DeniedPackets) {
	s.t.Helper()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		s.on(func() error {
			snap, err := s.engine.Denied(context.Background()) // its reader lives as long as the process
			list = snap.List
			return err
		})
		if len(list) >= groups || time.Since(begin) > 2*time.Minute {
			return list
		}
	}
}

// A row with +log and the final reject tell what they deny, on both back ends and
// over both families: by which row, between which zones, and how often. A row made
// from each lets it in, and takes the place before the row that denied it.
func TestDeniedPacketsNameTheirRowAndBecomeOne(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		s.tables(map[tables.Kind]string{
			tables.Rules:   "ext FW ALL ALL ssh drop+log\n",
			tables.Options: "* log-denied 100/min\n",
		})
		s.apply()
		s.denied(0)
		questions := s.questions("client1 > firewall tcp 22: DROP", "client2 > inside tcp 5: RST")
		for _, f := range ruleset.Families() {
			s.askOne(questions[0], f, "DROP")
			s.askOne(questions[1], f, "RST")
		}
		list := s.denied(4)
		var got []string
		for _, d := range list {
			got = append(got, fmt.Sprintf("%s %s > %s %s>%s %s>%s tcp %d", d.By, d.Src, d.Dst, d.In, d.Out, d.From, d.To, d.DstPort))
			if d.Count == 0 || d.First.IsZero() || d.Last.Before(d.First) {
				t.Errorf("%d packets from %s to %s", d.Count, d.First, d.Last)
			}
		}
		var want []string
		for _, f := range ruleset.Families() {
			want = append(want,
				fmt.Sprintf("rules:1 %s > %s eth0> ext>FW tcp 22", s.addr(lab.Client1, f), s.addr(lab.Firewall, f)),
				fmt.Sprintf("the final reject %s > %s eth0>eth1 ext>int tcp 5", s.addr(lab.Client2, f), s.addr(lab.Inside, f)))
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("want -, got +:\n%s", diff)
		}
		s.admit(list)
		for _, f := range ruleset.Families() {
			s.askOne(questions[0], f, "OPEN")
			s.askOne(questions[1], f, "OPEN")
		}
	})
}

// admit makes a row of each group of denied packets, and applies them.
func (s *site) admit(list []engine.DeniedPackets) {
	s.t.Helper()
	set, problems := s.engine.Load()
	for _, d := range list {
		cfg, problems := s.engine.Check(set)
		if problems.HasErrors() {
			s.t.Fatal(problems)
		}
		next, _, err := set.Admit(cfg, tables.Wanted{
			From: d.From, To: d.To, Src: d.Src, Dst: d.Dst, Proto: d.Proto, Port: d.DstPort,
			Before: d.Ref.Line,
		})
		s.must(err)
		set = next
	}
	if problems.HasErrors() {
		s.t.Fatal(problems)
	}
	s.must(s.engine.Save(set))
	s.apply()
}
