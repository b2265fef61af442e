package engine

import "strings"

// partWords say what the rules count that no table row stands for.
var partWords = map[string]string{
	"accept":        "what accept rows let pass",
	"drop":          "what drop rows stop",
	"established":   "open connections pass",
	"hook":          "packets that come to our rules",
	"icmp":          "ICMP passes",
	"icmp-errors":   "ICMP errors pass",
	"icmpv6":        "ICMPv6, to rules of its own",
	"invalid":       "what fits no connection stops",
	"lo":            "this host to itself passes",
	"log-reject":    "the final reject, logged",
	"ndp":           "neighbour discovery passes",
	"reject":        "the final reject: no row decided",
	"reject-answer": "answers to what is rejected",
}

// partPrefixes begin the names of the parts that each interface has.
var partPrefixes = map[string]string{
	"zone-":    "came in by ",
	"to-":      "leaves by ",
	"hairpin-": "leaves as it came in, by ",
}

// partText says what a built-in part counts; its name when nothing is known of
// it.
func partText(name string) string {
	if words, ok := partWords[name]; ok {
		return words
	}
	for prefix, words := range partPrefixes {
		if iface, ok := strings.CutPrefix(name, prefix); ok {
			return words + iface
		}
	}
	return name
}
