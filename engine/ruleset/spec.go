package ruleset

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// Spec is the rule in canonical words, without comment and counters. Two rules
// of one family are the same rule exactly if their Specs are equal. For every
// rule that can be printed, printing it, loading it on either back end, saving
// and parsing it gives the same Spec.
//
// The words are those of iptables-save, in its order; where the tools differ
// among themselves one form is chosen: protocols beyond those that iptables
// knows by itself are numbers, options of -m tcp stand together, a range of
// all ports is left out, and -s, -d, -i, -o that match everything too. A Rule
// with Raw is its raw words.
func (r *Rule) Spec(f Family) string {
	var room [256]byte
	return string(r.AppendSpec(room[:0], f))
}

// AppendSpec appends Spec to b, for hashing and comparing without garbage.
func (r *Rule) AppendSpec(b []byte, f Family) []byte {
	return r.appendRule(b, f, false)
}

// Text is Spec with the comment, for people: what iptables-save would print.
func (r *Rule) Text(f Family) string {
	var room [256]byte
	return string(r.AppendText(room[:0], f))
}

// AppendText appends Text to b.
func (r *Rule) AppendText(b []byte, f Family) []byte {
	return r.appendRule(b, f, true)
}

// SameSpec reports whether two rules of one family have the same Spec. Most of
// those that have are equal field by field, which takes a tenth of the time.
func SameSpec(f Family, a, b *Rule) bool {
	if a == b || equalFields(a, b) {
		return true
	}
	var roomA, roomB [256]byte
	return bytes.Equal(a.AppendSpec(roomA[:0], f), b.AppendSpec(roomB[:0], f))
}

// equalFields is false also where only the words can tell.
func equalFields(a, b *Rule) bool {
	return a.Raw == nil && b.Raw == nil &&
		a.Src == b.Src && a.Dst == b.Dst && a.In == b.In && a.Out == b.Out && a.Proto == b.Proto &&
		equalTargets(a.Target, b.Target) && slices.EqualFunc(a.Matches, b.Matches, equalMatches)
}

func equalMatches(a, b Match) bool {
	switch a := a.(type) {
	case MatchPorts:
		b, ok := b.(MatchPorts)
		return ok && equalRanges(a.Src, b.Src) && equalRanges(a.Dst, b.Dst) && a.SrcNot == b.SrcNot && a.DstNot == b.DstNot
	case MatchMultiport, MatchIfaces, UnknownMatch:
		return false // lists cannot be compared as values
	}
	return a == b
}

func equalRanges(a, b *PortRange) bool {
	return a == b || a != nil && b != nil && *a == *b
}

func equalTargets(a, b Target) bool {
	if _, ok := a.(UnknownTarget); ok {
		return false // as above
	}
	return a == b
}

// appendRule writes the words of a rule, separated by one space each.
func (r *Rule) appendRule(b []byte, f Family, comment bool) []byte {
	start := len(b)
	if r.Raw != nil {
		b = appendList(b, r.Raw)
	} else {
		b = r.appendBase(b)
		b = r.appendMatches(b, f)
		if text := r.comment(); comment && text != "" {
			b = appendQuoted(append(b, " -m comment --comment "...), text)
		}
		if r.Target != nil {
			b = r.Target.appendWords(b, f)
		}
	}
	if len(b) == start {
		return b
	}
	return append(b[:start], b[start+1:]...)
}

// comment is the text of the comment, of either kind.
func (r *Rule) comment() string {
	if r.ID != "" {
		return CommentPrefix + r.ID
	}
	return r.Comment
}

func (r *Rule) appendBase(b []byte) []byte {
	b = r.Src.appendWords(b, " -s ")
	b = r.Dst.appendWords(b, " -d ")
	b = r.In.appendWords(b, " -i ")
	b = r.Out.appendWords(b, " -o ")
	if r.Proto.Num != 0 {
		b = append(appendNot(b, r.Proto.Not), " -p "...)
		b = append(b, ProtocolName(r.Proto.Num)...)
	}
	return b
}

func (n Net) appendWords(b []byte, option string) []byte {
	if !n.Prefix.IsValid() || n.Prefix.Bits() == 0 && !n.Not {
		return b
	}
	return n.Prefix.Masked().AppendTo(append(appendNot(b, n.Not), option...))
}

func (i Iface) appendWords(b []byte, option string) []byte {
	if i.Name == "" || i.Name == "+" && !i.Not {
		return b
	}
	return append(append(appendNot(b, i.Not), option...), i.Name...)
}

// appendMatches writes the matches in order, ports and flags together.
func (r *Rule) appendMatches(b []byte, f Family) []byte {
	group, grouped := gatherProtocol(r.Matches)
	for i, m := range r.Matches {
		switch {
		case !grouped || !isProtocolMatch(m):
			b = m.appendWords(b, f, r.Proto.Num)
		case i == group.first:
			b = group.appendWords(b, r.Proto.Num)
		}
	}
	return b
}

func appendList(b []byte, words []string) []byte {
	for _, w := range words {
		b = append(append(b, ' '), w...)
	}
	return b
}

func (m UnknownMatch) appendWords(b []byte, _ Family, _ uint8) []byte {
	return appendList(b, m.Words)
}

// appendWords writes "-j" before the words, unless they have their own "-g".
func (t UnknownTarget) appendWords(b []byte, _ Family) []byte {
	if len(t.Words) == 0 || t.Words[0] != "-g" {
		b = append(b, " -j"...)
	}
	return appendList(b, t.Words)
}

func (m UnknownMatch) check(Family) error  { return notUnderstood(m.Words) }
func (t UnknownTarget) check(Family) error { return notUnderstood(t.Words) }

func notUnderstood(words []string) error {
	return errors.New("was not understood, so it is not written: " + strings.Join(words, " "))
}
