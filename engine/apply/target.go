package apply

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// The files of a target: restore text in canonical form. What stands in
// foreign chains is not in them, the hooks are in meta.json.
const (
	rulesFile4 = "v4.rules"
	rulesFile6 = "v6.rules"
	setsFile   = "sets.rules"
)

func rulesFile(f ruleset.Family) string {
	if f == ruleset.V6 {
		return rulesFile6
	}
	return rulesFile4
}

// renderTarget writes a target as text, by file name.
func renderTarget(t plan.Target) (map[string][]byte, error) {
	files := make(map[string][]byte)
	rs := withoutForeign(t)
	for _, f := range ruleset.Families() {
		text, err := rs.RestoreText(f)
		if err != nil {
			return nil, err
		}
		files[rulesFile(f)] = []byte(text)
	}
	text, err := rs.Sets.RestoreText()
	if err != nil {
		return nil, fmt.Errorf("write the sets: %w", err)
	}
	files[setsFile] = []byte(text)
	return files, nil
}

// withoutForeign leaves out the built-in and foreign chains that only carry
// hooks.
func withoutForeign(t plan.Target) *ruleset.Ruleset {
	out := &ruleset.Ruleset{}
	if t.Rules == nil {
		return out
	}
	out.Sets = t.Rules.Sets
	for _, f := range ruleset.Families() {
		for _, table := range *t.Rules.Tables(f) {
			for _, c := range table.Chains {
				if !foreign(t.Hooks, f, table.Name, c) {
					ours := out.Tables(f).Ensure(table.Name)
					ours.Chains = append(ours.Chains, c)
				}
			}
		}
	}
	return out
}

func foreign(hooks []ruleset.Hook, f ruleset.Family, table string, c *ruleset.Chain) bool {
	return isBuiltin(c.Name) || slices.ContainsFunc(hooks, func(h ruleset.Hook) bool {
		return h.Family == f && h.Table == table && h.From == c.Name
	})
}

func isBuiltin(chain string) bool {
	switch chain {
	case ruleset.Prerouting, ruleset.Input, ruleset.Forward, ruleset.Output, ruleset.Postrouting:
		return true
	}
	return false
}

// parseTarget reads back what renderTarget wrote.
func parseTarget(files map[string][]byte, hooks []ruleset.Hook) (plan.Target, error) {
	rs := &ruleset.Ruleset{}
	for _, f := range ruleset.Families() {
		data, ok := files[rulesFile(f)]
		if !ok {
			return plan.Target{}, fmt.Errorf("%s is missing", rulesFile(f))
		}
		ts, err := ruleset.ParseTables(f, data)
		if err != nil {
			return plan.Target{}, fmt.Errorf("%s: %w", rulesFile(f), err)
		}
		*rs.Tables(f) = ts
	}
	sets, err := ruleset.ParseSets(files[setsFile])
	if err != nil {
		return plan.Target{}, fmt.Errorf("%s: %w", setsFile, err)
	}
	rs.Sets = sets
	return plan.Target{Rules: rs, Hooks: hooks}, nil
}

// onlyIPv4 is the target for a kernel without IPv6.
func onlyIPv4(t plan.Target) plan.Target {
	rules := *t.Rules
	rules.V6 = nil
	rules.Sets = make(ruleset.Sets)
	for name, s := range t.Rules.Sets {
		if s.Family != ruleset.V6 {
			rules.Sets[name] = s
		}
	}
	hooks := slices.DeleteFunc(slices.Clone(t.Hooks), func(h ruleset.Hook) bool { return h.Family == ruleset.V6 })
	return plan.Target{Rules: &rules, Hooks: hooks}
}

// snapshot is what is ours in a live ruleset, as a target that would bring it
// back.
func snapshot(live *ruleset.Ruleset, own plan.Ownership) plan.Target {
	t := plan.Target{Rules: &ruleset.Ruleset{Sets: make(ruleset.Sets)}}
	// Against an empty target everything that is ours is to go.
	gone := plan.Compare(live, plan.Target{}, own)
	for _, d := range gone.Chains {
		c := t.Rules.Tables(d.Family).Ensure(d.Table).Ensure(d.Chain)
		for _, line := range d.Lines {
			c.Append(line.Rule)
		}
	}
	for _, d := range gone.Sets {
		t.Rules.Sets[d.Name] = d.Before
	}
	for _, d := range gone.Hooks {
		t.Hooks = append(t.Hooks, d.Hook)
	}
	return t
}

// restorable refuses a ruleset with rules that cannot be written back. Only a
// kernel that cannot hold a gate needs them written.
func restorable(t plan.Target) error {
	if _, err := renderTarget(t); err != nil {
		return fmt.Errorf("this kernel cannot go back by itself, and the rules of now could not be written back: %w", err)
	}
	return nil
}

// saveOld keeps the ruleset from before the trial for a worker that has to
// take over. Rules that cannot be written back are not kept: the gate protects
// them.
func saveOld(paths Paths, t plan.Target) error {
	files, err := renderTarget(t)
	if err != nil {
		return nil
	}
	if files[metaFile], err = json.Marshal(t.Hooks); err != nil {
		return err
	}
	files[sumsFile] = sums(files)
	dir := filepath.Join(paths.Run, oldDir)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// loadOld gives the zero target when nothing was kept.
func loadOld(paths Paths) (plan.Target, error) {
	files, err := readSummed(filepath.Join(paths.Run, oldDir))
	if errors.Is(err, fs.ErrNotExist) {
		return plan.Target{}, nil
	}
	if err != nil {
		return plan.Target{}, fmt.Errorf("read the rules from before the trial: %w", err)
	}
	var hooks []ruleset.Hook
	if err := json.Unmarshal(files[metaFile], &hooks); err != nil {
		return plan.Target{}, err
	}
	return parseTarget(files, hooks)
}

func removeOld(paths Paths) { _ = os.RemoveAll(filepath.Join(paths.Run, oldDir)) }
