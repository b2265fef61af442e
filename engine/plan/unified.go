package plan

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// contextLines is how many unchanged lines stand around a change.
const contextLines = 3

// Unified prints the difference as a unified diff with one section for each
// chain, set and list of hooks; empty when there is none. Rules of which only
// the comment changes are folded into one line that starts with a backslash;
// so does what cannot be applied. Tools that read unified diffs skip such
// lines.
func (d *Diff) Unified() string {
	var b strings.Builder
	for _, t := range d.Taken {
		fmt.Fprintf(&b, "\\ %s\n", t)
	}
	for i := range d.Chains {
		d.Chains[i].unified(&b)
	}
	for i := range d.Sets {
		d.Sets[i].unified(&b)
	}
	unifiedHooks(&b, d.Hooks)
	return b.String()
}

func (c *ChainDiff) unified(b *strings.Builder) {
	section(b, fmt.Sprintf("%s %s (%s)", c.Table, c.Chain, c.Family), c.Op)
	hunks(b, c.Lines)
}

func (s *SetDiff) unified(b *strings.Builder) {
	kind := s.After
	if kind == nil {
		kind = s.Before
	}
	title := fmt.Sprintf("set %s (%s)", s.Name, kindText(kind))
	if s.Before != nil && s.After != nil && !s.Before.SameKind(s.After) {
		title = fmt.Sprintf("set %s (%s -> %s)", s.Name, kindText(s.Before), kindText(s.After))
	}
	section(b, title, s.Op)
	hunks(b, s.lines())
}

// lines are the members of both sets in the order of a unified diff.
func (s *SetDiff) lines() []Line {
	var before, after []string
	if s.Before != nil {
		before = textsOf(s.Before, s.Before.Members)
	}
	if s.After != nil {
		after = textsOf(s.After, s.After.Members)
	}
	var lines []Line
	for _, p := range align(before, after) {
		switch {
		case p.b < 0:
			lines = append(lines, Line{Op: Remove, Text: before[p.a]})
		case p.a < 0:
			lines = append(lines, Line{Op: Add, Text: after[p.b]})
		default:
			lines = append(lines, Line{Op: Same, Text: after[p.b]})
		}
	}
	return lines
}

func unifiedHooks(b *strings.Builder, hooks []HookDiff) {
	if len(hooks) == 0 {
		return
	}
	section(b, "hooks", Change)
	var gone, come []Line
	for _, h := range hooks {
		text := fmt.Sprintf("%s (%s)", hookText(h.Hook), h.Why)
		if h.Op != Add {
			gone = append(gone, Line{Op: Remove, Text: text})
		}
		if h.Op == Change {
			text = hookText(h.Hook)
		}
		if h.Op != Remove {
			come = append(come, Line{Op: Add, Text: text})
		}
	}
	hunks(b, append(gone, come...))
}

func section(b *strings.Builder, title string, op Op) {
	before, after := "", ""
	switch op {
	case Add:
		before = ", absent"
	case Remove:
		after = ", absent"
	}
	fmt.Fprintf(b, "--- live %s%s\n+++ compiled %s%s\n", title, before, title, after)
}

// hunks prints the lines around each change, and folds runs of lines of which
// only the comment changes.
func hunks(b *strings.Builder, lines []Line) {
	a, c := 1, 1 // line numbers, from 1
	for i := 0; i < len(lines); {
		if n := run(lines[i:], Change); n > 0 {
			fmt.Fprintf(b, "\\ only the comment changes: %s\n", count(n, "rule"))
			i, a, c = i+n, a+n, c+n
			continue
		}
		end := hunkEnd(lines, i)
		if end == i { // unchanged and far from any change
			i, a, c = i+1, a+1, c+1
			continue
		}
		a, c = hunk(b, lines[i:end], a, c)
		i = end
	}
}

// run counts how many lines at the start have this operation.
func run(lines []Line, op Op) int {
	n := 0
	for n < len(lines) && lines[n].Op == op {
		n++
	}
	return n
}

// hunkEnd finds the end of the hunk that starts at line i; i itself when none
// does.
func hunkEnd(lines []Line, i int) int {
	end, quiet := i, 0
	for j := i; j < len(lines) && lines[j].Op != Change; j++ {
		if lines[j].Op == Same {
			quiet++
			if end == i && quiet > contextLines || end > i && quiet > 2*contextLines {
				break
			}
			continue
		}
		end, quiet = j+1, 0
	}
	if end == i {
		return i
	}
	return end + min(contextLines, run(lines[end:], Same))
}

// hunk prints one hunk and returns the line numbers behind it.
func hunk(b *strings.Builder, lines []Line, a, c int) (int, int) {
	before, after := 0, 0
	for _, l := range lines {
		if l.Op != Add {
			before++
		}
		if l.Op != Remove {
			after++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", span(a, before), span(c, after))
	for _, l := range lines {
		fmt.Fprintf(b, "%c%s\n", " +-"[l.Op], l.Text)
	}
	return a + before, c + after
}

// span is a range of a hunk header: an empty one names the line before it.
func span(start, n int) string {
	switch n {
	case 0:
		return fmt.Sprintf("%d,0", start-1)
	case 1:
		return fmt.Sprint(start)
	}
	return fmt.Sprintf("%d,%d", start, n)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func kindText(s *ruleset.Set) string {
	switch s.Family {
	case ruleset.V4:
		return s.Type + " inet"
	case ruleset.V6:
		return s.Type + " inet6"
	}
	return s.Type
}
