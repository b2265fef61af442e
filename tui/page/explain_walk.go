package page

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// walkView is the way of a packet as lines, one for each chain that is entered
// and each rule that is met. Only what is visible is put into words: a way may
// meet ten thousand rules.
type walkView struct {
	x       *engine.Explanation
	lines   []walkLine
	decider int // line of the rule that decided; -1 for a policy
	at, top int
	page    int
	moves   widget.Movement
}

// walkLine is a rule by the number of its step, or the beginning of a chain
// with step -1.
type walkLine struct {
	step         int
	depth        int
	table, chain string
}

func newWalkView() walkView { return walkView{page: 10, moves: widget.Moves()} }

// show takes another way and selects what decided. A chain that a rule leads
// into is named by that rule; a line of its own has a built-in chain, and one
// that the way comes back to.
func (v *walkView) show(x *engine.Explanation) {
	*v = walkView{x: x, page: v.page, moves: v.moves, decider: -1}
	if x == nil {
		return
	}
	var stack []string // the chains that the way is in, the outermost first
	table, jumped := "", false
	for i, s := range x.Steps {
		switch n := len(stack); {
		case jumped:
			stack = append(stack, s.Chain)
		case n > 0 && stack[n-1] == s.Chain && table == s.Table:
		default:
			for n > 0 && (stack[n-1] != s.Chain || table != s.Table) {
				n--
			}
			if stack = stack[:n]; n == 0 {
				stack, table = append(stack, s.Chain), s.Table
			}
			v.lines = append(v.lines, walkLine{step: -1, depth: len(stack) - 1, table: s.Table, chain: s.Chain})
		}
		v.lines = append(v.lines, walkLine{step: i, depth: len(stack)})
		jumped = s.Matched == ruleset.Yes && s.Rule.JumpsTo() != "" && i+1 < len(x.Steps) && x.Steps[i+1].Chain == s.Rule.JumpsTo()
		if v.decides(s) {
			v.decider = len(v.lines) - 1
		}
	}
	v.at = max(v.decider, 0)
}

// decides reports whether a step is the one that the verdict is said to come
// from: that of the row, not of the chain that carries it out.
func (v *walkView) decides(s ruleset.Step) bool {
	on := slices.ContainsFunc(v.x.Path, func(p ruleset.Step) bool {
		return p.Rule == s.Rule && p.Chain == s.Chain && p.Table == s.Table && s.Rule != nil
	})
	if !on {
		return false
	}
	if by := v.x.Decider(); by != (engine.RowRef{}) {
		ref, _ := v.x.Row(s)
		return ref == by && !isAction(s.Chain)
	}
	return true
}

func (v *walkView) key(k tea.KeyPressMsg) bool {
	at, ok := v.moves.Step(k, v.at, len(v.lines), v.page)
	if ok {
		v.at = at
	}
	return ok
}

// selected is the rule under the selection.
func (v *walkView) selected() (ruleset.Step, bool) {
	if v.at >= len(v.lines) || v.lines[v.at].step < 0 {
		return ruleset.Step{}, false
	}
	return v.x.Steps[v.lines[v.at].step], true
}

// render draws the lines around the selection, which is marked on the side that
// the keys move in.
func (v *walkView) render(width, height int, focus bool, st *style.Styles) []string {
	v.page = max(height, 1)
	v.top = max(min(v.top, len(v.lines)-v.page), 0)
	if v.at < v.top {
		v.top = v.at
	}
	if v.at >= v.top+v.page {
		v.top = v.at - v.page + 1
	}
	lines := make([]string, 0, height)
	for i := v.top; i < len(v.lines) && len(lines) < height; i++ {
		lines = append(lines, v.line(i, width, focus && i == v.at, st))
	}
	return widget.Fit(lines, height)
}

func (v *walkView) line(i, width int, chosen bool, st *style.Styles) string {
	at := &v.lines[i]
	l := widget.NewLine(width, st.Glyphs)
	if chosen {
		l.Put(st.Selected, ">")
	} else {
		l.Text(" ")
	}
	if at.step < 0 {
		if l.To(1 + at.depth); at.depth > 0 {
			l.Put(st.Dim, "back in ")
		} else {
			l.Put(st.Strong, widget.Clean(at.table)+" ")
		}
		return l.Put(st.Strong, widget.Clean(at.chain)).String()
	}
	s := v.x.Steps[at.step]
	l.To(1+at.depth).Put(st.Dim, widget.Format("%d ", s.Index+1))
	name := st.Text
	if i == v.decider {
		name = st.Strong
	}
	l.Put(name, v.label(s)).Text(" ")
	to := s.Rule.JumpsTo()
	switch {
	case s.Matched == ruleset.Unknown:
		l.Put(st.Warn, "? ").Put(st.Dim, v.refusal(at.step))
	case s.Matched == ruleset.No:
		l.Put(st.Dim, "no ").Put(st.Dim, v.refusal(at.step))
	case to != "" && !isAction(to):
		l.Put(st.Dim, "> ").Put(st.Strong, widget.Clean(to))
	default:
		l.Put(st.Good, "YES ").Text(v.matched(s))
	}
	return l.String()
}

// label is the row that a rule comes from, or the name of a built-in part; a
// dash for a rule that is not ours.
func (v *walkView) label(s ruleset.Step) widget.Safe {
	ref, _ := v.x.Row(s)
	switch {
	case s.Rule.ID == "":
		return "-"
	case ref == engine.RowRef{}:
		return widget.Clean(s.Rule.ID)
	}
	return widget.Clean(ref.String())
}

// matched says what a matching rule is: the cells of its row, else its words.
func (v *walkView) matched(s ruleset.Step) widget.Safe {
	if ref, text := v.x.Row(s); ref.Line > 0 {
		return widget.Clean(text)
	}
	return widget.Clean(shortRule(s.Rule.Spec(v.x.Packet.Family())))
}

// isAction reports whether a chain only carries a verdict out.
func isAction(chain string) bool {
	return chain == ruleset.ChainAccept || chain == ruleset.ChainDrop || chain == ruleset.ChainReject
}

func (v *walkView) refusal(step int) widget.Safe {
	no, ok := v.x.Refusal(step)
	if !ok {
		return ""
	}
	return widget.Clean(shortRule(no.Asks))
}
