package page

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
)

// flowFilter is a list of conditions; a flow must meet all of them.
type flowFilter []func(*engine.Flow) bool

func (f flowFilter) match(w *engine.Flow) bool {
	for _, cond := range f {
		if !cond(w) {
			return false
		}
	}
	return true
}

// parseFlowFilter reads the words of a filter. A word with a known key asks
// one thing (src, dst, ip, port, sport, dport, proto, state, nat, v4 or v6),
// any other word is looked for in the text of the flow. A "!" before a word
// turns it round. A word that is not finished yet ("src:10.") matches by text.
func parseFlowFilter(text string) flowFilter {
	var f flowFilter
	for _, word := range strings.Fields(text) {
		bare, not := strings.CutPrefix(word, "!")
		if bare == "" {
			continue
		}
		cond := flowCondition(bare)
		if not {
			f = append(f, func(w *engine.Flow) bool { return !cond(w) })
		} else {
			f = append(f, cond)
		}
	}
	return f
}

func flowCondition(word string) func(*engine.Flow) bool {
	key, value, ok := strings.Cut(word, ":")
	if ok && value == "" {
		return func(*engine.Flow) bool { return true } // still being typed
	}
	switch key {
	case "src":
		addr := addrCondition(value)
		return func(w *engine.Flow) bool { return addr(w.Orig.Src) || addr(w.Reply.Dst) }
	case "dst":
		addr := addrCondition(value)
		return func(w *engine.Flow) bool { return addr(w.Orig.Dst) || addr(w.Reply.Src) }
	case "ip":
		addr := addrCondition(value)
		return func(w *engine.Flow) bool {
			return addr(w.Orig.Src) || addr(w.Orig.Dst) || addr(w.Reply.Src) || addr(w.Reply.Dst)
		}
	case "port", "dport":
		return portCondition(value, func(w *engine.Flow, p uint16) bool { return w.Orig.DstPort == p || w.Reply.SrcPort == p })
	case "sport":
		return portCondition(value, func(w *engine.Flow, p uint16) bool { return w.Orig.SrcPort == p })
	case "proto":
		return func(w *engine.Flow) bool { return protoName(w) == strings.ToLower(value) }
	case "state":
		return func(w *engine.Flow) bool { return strings.Contains(w.State, strings.ToUpper(value)) }
	case "nat":
		return func(w *engine.Flow) bool { return strings.HasPrefix(string(natMark(w)), value) }
	case "v4", "v6":
		return func(w *engine.Flow) bool { return w.Family.String() == key }
	}
	return textCondition(word)
}

// addrCondition matches a network, an address, or the beginning of one.
func addrCondition(value string) func(netip.Addr) bool {
	if prefix, err := netip.ParsePrefix(value); err == nil {
		return prefix.Contains
	}
	return func(a netip.Addr) bool { return a.IsValid() && strings.HasPrefix(a.String(), value) }
}

func portCondition(value string, match func(*engine.Flow, uint16) bool) func(*engine.Flow) bool {
	p, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return func(*engine.Flow) bool { return false }
	}
	return func(w *engine.Flow) bool { return hasPorts(w) && match(w, uint16(p)) }
}

func textCondition(word string) func(*engine.Flow) bool {
	low := strings.ToLower(word)
	return func(w *engine.Flow) bool {
		return strings.Contains(protoName(w), low) || strings.Contains(strings.ToLower(w.State), low) ||
			strings.Contains(string(endpoint(w.Orig.Src, w.Orig.SrcPort, hasPorts(w))), low) ||
			strings.Contains(string(endpoint(w.Orig.Dst, w.Orig.DstPort, hasPorts(w))), low)
	}
}
