package words

import (
	"fmt"
	"iter"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Consequences is what is known about the consequences of a change. What is nil
// was not asked for, or failed for the reason beside it.
type Consequences struct {
	Flows     *engine.FlowImpact
	FlowErr   error
	Policy    *engine.PolicyImpact
	PolicyErr error
}

// words are the consequences as sentences.
func (v *Consequences) words() iter.Seq[widget.Safe] {
	return func(yield func(widget.Safe) bool) {
		for text := range Impact(v.Flows, v.Policy) {
			if !yield(text) {
				return
			}
		}
		if v.FlowErr != nil && !yield(widget.Format("What happens to the flows is not known: %v.", v.FlowErr)) {
			return
		}
		if v.PolicyErr != nil {
			yield(widget.Format("Which new connections change is not known: %v.", v.PolicyErr))
		}
	}
}

// Text is words line by line, up to a number of bytes.
func (v *Consequences) Text(most int) string {
	var b strings.Builder
	for line := range v.words() {
		if b.Len() > most {
			break
		}
		b.WriteString("# " + string(line) + "\n")
	}
	return b.String()
}

// Impact are the consequences of a change as sentences, one a line, for
// where no screen is drawn. Either may be nil.
func Impact(f *engine.FlowImpact, p *engine.PolicyImpact) iter.Seq[widget.Safe] {
	return func(yield func(widget.Safe) bool) {
		if f == nil || flowWords(f, yield) {
			if p != nil {
				policyWords(p, yield)
			}
		}
	}
}

// flowWords says what happens to the flows; false when no more is wanted.
func flowWords(f *engine.FlowImpact, yield func(widget.Safe) bool) bool {
	if !yield(widget.Format("Impact: %d cut, %d grandfathered, %d newly open, of %s.",
		f.Count(engine.Cut), f.Count(engine.Grandfathered), f.Count(engine.Opens), Plural(f.Judged, "flow"))) {
		return false
	}
	if o := f.Own; o != nil && !(yield(ownFlowWords(o)) && yield(ownLaterWords(o))) {
		return false
	}
	groups := f.Groups()
	for i := range groups.Len() {
		t := groups.At(i)
		if !yield(widget.Format("%s: %s from %s, zone %s to %s: today %s, as a new connection afterwards %s.",
			fateNames[t.Fate], Protocol(&t.Flow), strings.Replace(TouchedPath(&t), " > ", " to ", 1), t.From, t.To, t.Before, t.After)) {
			return false
		}
	}
	return true
}

// fateNames begin a sentence about a flow.
var fateNames = map[engine.Fate]string{engine.Cut: "Cut", engine.Grandfathered: "Grandfathered", engine.Opens: "Newly open"}

// ownFlowWords says what becomes of the administrator's own connection.
func ownFlowWords(o *engine.OwnFlow) widget.Safe {
	return widget.Format("Your SSH %s to %s %s: %s.", o.Client, o.Server, GoesOn(o), o.Open)
}

// GoesOn says whether the administrator's own connection outlives the change.
func GoesOn(o *engine.OwnFlow) string {
	if o.GoesOn {
		return "keeps running"
	}
	return "IS CUT"
}

// ownLaterWords says whether another connection like it could be opened, and
// one over the other address family.
func ownLaterWords(o *engine.OwnFlow) widget.Safe {
	return widget.Format("%s: %s; %s.", upperWord(Reopens(o)), o.New, o.OtherFamily)
}

// Reopens says whether a new connection like it could be opened afterwards.
func Reopens(o *engine.OwnFlow) string {
	if o.Reopens {
		return "a new one"
	}
	return "A NEW ONE MAY BE REFUSED"
}

// policyWords says which new connections change.
func policyWords(p *engine.PolicyImpact, yield func(widget.Safe) bool) {
	if p.Empty() && !yield("No new connection gets another verdict.") {
		return
	}
	for _, part := range SetKinds(p) {
		for i := range part.Sets {
			s := &part.Sets[i]
			if !yield(widget.Format("%s: %s, zone %s: was %s, then %s.", upperWord(part.Name), spokenFamilies(s), spokenSet(s), s.Before, s.After)) {
				return
			}
		}
	}
	if p.More && !yield("There are more: the list was cut.") {
		return
	}
	for _, d := range p.Doubts {
		if !yield(widget.Format("Not judged: %s.", d)) {
			return
		}
	}
}

// SetKind is the sets of packets that a change does the same to: what it does,
// in lower case, and the mark that a difference has for it.
type SetKind struct {
	Name string
	Mark byte
	Sets []engine.PacketSet
}

// SetKinds are the sets whose packets get another verdict, always in the same
// three kinds.
func SetKinds(p *engine.PolicyImpact) []SetKind {
	return []SetKind{{"newly allowed", '+', p.Allowed}, {"newly denied", '-', p.Denied}, {"redirected", '~', p.Redirected}}
}

func upperWord(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Families is "v4+v6".
func Families(s *engine.PacketSet) string {
	var words []string
	for _, f := range s.Families {
		words = append(words, f.String())
	}
	return strings.Join(words, "+")
}

// spokenFamilies is "IPv4 and IPv6".
func spokenFamilies(s *engine.PacketSet) string {
	return strings.NewReplacer("v4", "IPv4", "v6", "IPv6", "+", " and ").Replace(Families(s))
}

// spokenSet is a set of packets without an arrow.
func spokenSet(s *engine.PacketSet) string { return strings.Replace(s.String(), " -> ", " to ", 1) }

// TouchedPath is the path of a flow; of several, what they have in common and
// how many they are.
func TouchedPath(t *engine.TouchedFlows) string {
	if t.Count == 1 {
		return FlowPath(&t.Flow)
	}
	return fmt.Sprintf("%dx %s > %s", t.Count, Endpoint(t.Orig.Src, 0, false), Endpoint(t.Orig.Dst, t.Orig.DstPort, HasPorts(&t.Flow)))
}
