package tuitest

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/tables"
)

// Review compares with the tables of the confirmed generation.
func (s *Site) Review(set *tables.Set, p *engine.Preview) *engine.Review {
	_ = s.enter("Review")
	s.mu.Lock()
	defer s.mu.Unlock()
	before := tables.NewSet()
	if files, ok := s.archive[s.confirmed()]; ok {
		before, _ = tables.Load(files)
	}
	sides := engine.Sides{Before: before, After: set, Live: s.live, Rules: p.Compiled.Rules, Diff: p.Diff, AfterRows: p.Compiled.Rows}
	if was := s.rows(before); was != nil {
		sides.BeforeRows = was.Rows
	}
	r := engine.NewReview(sides)
	if g, ok := s.generation(s.confirmed()); ok {
		r.Against = &g
	}
	return r
}

// rows compiles tables for the rows of their rules; nil when they have errors.
func (s *Site) rows(set *tables.Set) *engine.Compiled {
	cfg, problems := set.Check(tables.Facts{})
	if problems.HasErrors() {
		return nil
	}
	return compiledOf(cfg)
}

// compiledOf compiles in the simplest form.
func compiledOf(cfg *tables.Config) *engine.Compiled {
	c := &engine.Compiled{Hooks: sampleHooks(), Hosts: sampleHosts()}
	c.Rules = compileSample(cfg, func(id string, kind tables.Kind, line int) {
		var row engine.RowCounter
		row.Row.Kind, row.Row.Line = kind, line
		put(&c.Rows, id, row.Row)
	})
	return c
}

// sampleHosts are what the host name resolves to that a test may write.
func sampleHosts() map[string][]netip.Addr {
	return map[string][]netip.Addr{"nas.example": {netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8"), netip.MustParseAddr("2001:db8::7")}}
}

// Payload is what staging would load.
func (s *Site) Payload(p *engine.Preview) ([]engine.RestoreText, error) {
	if err := s.enter("Payload"); err != nil {
		return nil, err
	}
	steps, err := plan.Stage(p.Live, plan.Target{Rules: p.Compiled.Rules, Hooks: p.Compiled.Hooks}, plan.Ownership{}, 1<<26)
	if err != nil {
		return nil, err
	}
	texts, err := engine.RestoreTexts(steps, p.Compiled.Rules)
	if s.Taint != "" {
		texts = append(texts, engine.RestoreText{Title: s.Taint, Text: s.Taint})
	}
	return texts, err
}

// StillLive is true unless the site was told that the kernel changed.
func (s *Site) StillLive(context.Context, *engine.Preview) (bool, error) {
	return !s.Changed, s.enter("StillLive")
}

// DiffFile proposes a file.
func (s *Site) DiffFile() string {
	_ = s.enter("DiffFile")
	return fmt.Sprintf("/var/lib/mfwtui/diffs/edge-01-%s.diff", s.Now().Format("20060102-150405"))
}

// WriteDiff writes to a directory in memory.
func (s *Site) WriteDiff(path, text string, replace bool) error {
	if err := s.enter("WriteDiff"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.Written[path]; ok && !replace {
		return fmt.Errorf("write %s: %w", path+s.Taint, fs.ErrExist)
	}
	s.changed("write %s replace=%v", path, replace)
	put(&s.Written, path, text)
	return nil
}
