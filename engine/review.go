package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// Reviewer reads a preview as an administrator does: by table row.
type Reviewer interface {
	// Review compares the tables of a preview with those of the confirmed
	// generation, and says what each changed row does to the compiled rules.
	Review(set *tables.Set, p *Preview) *Review
	// Payload is what an apply of the preview would load.
	Payload(p *Preview) ([]RestoreText, error)
	// StillLive reports whether the kernel holds what the preview was
	// compared with.
	StillLive(ctx context.Context, p *Preview) (bool, error)
	// DiffFile proposes a file for a difference, in a directory that only
	// root can write to.
	DiffFile() string
	// WriteDiff writes a text to a file that only its owner can read, and
	// follows no symbolic link. A file that exists is an error that is
	// fs.ErrExist unless replace is set.
	WriteDiff(path, text string, replace bool) error
}

// Review is a difference by table row.
type Review struct {
	// Against is the generation that the tables are compared with; nil when
	// none was ever confirmed, or when its tables cannot be read: Unread says
	// why.
	Against *Generation
	Unread  string
	Rows    []RowEffect
	// Counted says that the rules before have counters; Lost is how many lose
	// what they counted.
	Counted bool
	Lost    int

	before, after map[string]RowRef
}

// RowEffect is a changed row and what it does to the compiled rules.
type RowEffect struct {
	tables.RowChange
	// IDs are the ids of the kernel rules that stand for the row, before and
	// after. For an object these are the rules of the rows that use it.
	IDs []string
	// Users are the rows that use an object, as "rules:12".
	Users []string
	// Sets are the names of the sets of an object that change.
	Sets   []string
	V4, V6 RuleEffect
	// Missing says why the row has rules in one family only, or in none.
	Missing string
}

// RuleEffect is what a row does to the rules of one family.
type RuleEffect struct {
	// Has is how many rules stand for the row afterwards.
	Has, Added, Gone int
	// Lost is how many rules lose what they counted; Hits what the rules of
	// the row counted so far, in packets. Known is false when none of them
	// runs.
	Lost  int
	Hits  uint64
	Known bool
}

func (e *RuleEffect) add(o RuleEffect) {
	e.Has += o.Has
	e.Added += o.Added
	e.Gone += o.Gone
	e.Lost += o.Lost
	e.Hits += o.Hits
	e.Known = e.Known || o.Known
}

// Row names the table row of a rule id: by its line afterwards, else by the one
// before, as "was rules:8". A built-in part has its own name, and an id that
// neither side knows is given back.
func (r *Review) Row(id string) string {
	if _, ok := r.after[id]; ok {
		return rowWord(r.after, id)
	}
	if ref, ok := r.before[id]; ok && ref.Line > 0 {
		return "was " + rowWord(r.before, id)
	}
	return rowWord(r.before, id)
}

// Sides are the two sides of a review.
type Sides struct {
	// Before and After are the tables; a nil one is not known.
	Before, After *tables.Set
	// BeforeRows and AfterRows find the table row of a rule id.
	BeforeRows, AfterRows map[string]RowRef
	// Live are rules with counters, nil when nothing counts. Rules are those
	// afterwards, and Diff leads to them.
	Live, Rules *ruleset.Ruleset
	Diff        *plan.Diff
}

// NewReview joins the difference of two sets of tables with the difference of
// the rules that were compiled from them. It is pure.
func NewReview(s Sides) *Review {
	r := &Review{Counted: s.Live != nil, before: s.BeforeRows, after: s.AfterRows}
	effects := effectsByID(s)
	for _, e := range effects {
		r.Lost += e[0].Lost + e[1].Lost
	}
	if s.Before == nil || s.After == nil {
		return r
	}
	changes := tables.CompareRows(s.Before, s.After)
	if len(changes) == 0 {
		return r
	}
	j := joiner{
		before: newRowIndex(s.Before, s.BeforeRows), after: newRowIndex(s.After, s.AfterRows),
		effects: effects, sets: changedSets(s.Diff),
	}
	for _, c := range changes {
		r.Rows = append(r.Rows, j.join(c))
	}
	return r
}

// effectsByID says for each rule id, IPv4 first, what becomes of its rules.
func effectsByID(s Sides) map[string]*[2]RuleEffect {
	all := make(map[string]*[2]RuleEffect)
	at := func(id string, f ruleset.Family) *RuleEffect {
		e := all[id]
		if e == nil {
			e = new([2]RuleEffect)
			all[id] = e
		}
		if f == ruleset.V6 {
			return &e[1]
		}
		return &e[0]
	}
	eachRule(s.Live, func(f ruleset.Family, r *ruleset.Rule) {
		e := at(r.ID, f)
		e.Hits, e.Known = e.Hits+r.Counters.Packets, true
	})
	eachRule(s.Rules, func(f ruleset.Family, r *ruleset.Rule) { at(r.ID, f).Has++ })
	if s.Diff == nil {
		return all
	}
	for i := range s.Diff.Chains {
		c := &s.Diff.Chains[i]
		for _, l := range c.Lines {
			switch l.Op {
			case plan.Add:
				at(l.Rule.ID, c.Family).Added++
			case plan.Remove:
				at(l.Rule.ID, c.Family).Gone++
			}
		}
		for _, gone := range losers(c) {
			at(gone.ID, c.Family).Lost++
		}
	}
	return all
}

// eachRule calls f for the rules of a ruleset that carry an id.
func eachRule(rs *ruleset.Ruleset, f func(ruleset.Family, *ruleset.Rule)) {
	if rs == nil {
		return
	}
	for _, fam := range ruleset.Families() {
		for _, t := range *rs.Tables(fam) {
			for _, c := range t.Chains {
				for _, r := range c.Rules {
					if r.ID != "" {
						f(fam, r)
					}
				}
			}
		}
	}
}

// losers are the rules of a chain whose counts nothing takes over: a rule of
// the same words that comes in the same chain does, wherever it stands.
func losers(c *plan.ChainDiff) []*ruleset.Rule {
	var gone []*ruleset.Rule
	for _, l := range c.Lines {
		if l.Op == plan.Remove && l.Was.Counters != (ruleset.Counters{}) {
			gone = append(gone, l.Was)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	heirs := make(map[string]int)
	for _, l := range c.Lines {
		if l.Op == plan.Add {
			heirs[l.Rule.Spec(c.Family)]++
		}
	}
	return slices.DeleteFunc(gone, func(r *ruleset.Rule) bool {
		spec := r.Spec(c.Family)
		heirs[spec]--
		return heirs[spec] >= 0
	})
}

func changedSets(d *plan.Diff) map[string]bool {
	sets := make(map[string]bool)
	if d != nil {
		for _, s := range d.Sets {
			sets[s.Name] = true
		}
	}
	return sets
}

// Review compares the tables of a preview with those of the confirmed
// generation.
func (e *Engine) Review(set *tables.Set, p *Preview) *Review {
	if p.Compiled == nil {
		return &Review{}
	}
	s := Sides{After: set, AfterRows: p.Compiled.Rows, Live: p.Live, Rules: p.Compiled.Rules, Diff: p.Diff}
	gen, ok := apply.Current(e.paths)
	var unread string
	if !ok {
		s.Before = tables.NewSet()
	} else if before, rows, err := e.past(gen); err != nil {
		unread = err.Error()
	} else {
		s.Before, s.BeforeRows = before, rows
	}
	r := NewReview(s)
	r.Unread = unread
	if ok {
		r.Against = &gen
	}
	return r
}

// past reads the tables of a generation, and finds the rows of its rules, as
// far as the tables can still be compiled.
func (e *Engine) past(g Generation) (*tables.Set, map[string]RowRef, error) {
	set, problems := tables.Load(g.Tables())
	if problems.HasErrors() {
		return nil, nil, fmt.Errorf("tables of generation %s: %w", g.ID, problems[0])
	}
	compiled, _ := e.Compile(set)
	if compiled == nil {
		return set, nil, nil
	}
	return set, compiled.Rows, nil
}

// StillLive reports whether the kernel holds what a preview was compared with.
func (e *Engine) StillLive(ctx context.Context, p *Preview) (bool, error) {
	now, err := e.kernel.Read(ctx)
	if err != nil {
		return false, fmt.Errorf("read the live ruleset: %w", err)
	}
	return plan.Fingerprint(now, p.own) == p.Fingerprint, nil
}

// RestoreText is a text for one of the restore tools.
type RestoreText struct{ Title, Text string }

// Payload is what an apply of a preview loads: first the staged copies of what
// changes, then, for reading, the whole ruleset that is in force after the
// confirm.
func (e *Engine) Payload(p *Preview) ([]RestoreText, error) {
	steps, err := apply.Staged(p.Live, target(p.Compiled), p.own)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	return RestoreTexts(steps, p.Compiled.Rules)
}

// RestoreTexts names the texts of staging steps, and those of the whole
// ruleset behind them.
func RestoreTexts(steps plan.Steps, whole *ruleset.Ruleset) ([]RestoreText, error) {
	var texts []RestoreText
	put := func(text, format string, args ...any) {
		if text != "" {
			texts = append(texts, RestoreText{fmt.Sprintf(format, args...), text})
		}
	}
	for i, s := range steps {
		of := fmt.Sprintf("staged, step %d of %d", i+1, len(steps))
		put(s.Sets, "%s: ipset restore", of)
		put(s.V4, "%s: iptables-restore --noflush --counters", of)
		put(s.V6, "%s: ip6tables-restore --noflush --counters", of)
	}
	sets, err := whole.Sets.RestoreText()
	if err != nil {
		return nil, err
	}
	put(sets, "in force after the confirm: the sets")
	for _, f := range ruleset.Families() {
		text, err := whole.RestoreText(f)
		if err != nil {
			return nil, err
		}
		put(text, "in force after the confirm: IP%s", f)
	}
	return texts, nil
}

// rowWord names the table row of a rule id, or its built-in part; an id that
// nothing is known of stays as it is.
func rowWord(rows map[string]RowRef, id string) string {
	switch ref, ok := rows[id]; {
	case !ok:
		return id
	case ref.Line > 0:
		return fmt.Sprintf("%s:%d", ref.Kind, ref.Line)
	default:
		return ref.Name
	}
}
