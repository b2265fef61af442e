package plan

import "github.com/mfwtui/mfwtui/engine/ruleset"

var opWords = [...]string{Same: "same", Add: "add", Remove: "remove", Change: "change"}

// String is the operation in a word, as --json prints it.
func (o Op) String() string { return opWords[o] }

// Texts are the new and the gone members in the words of ipset.
func (d *SetDiff) Texts() (added, gone []string) {
	return textsOf(d.After, d.Added), textsOf(d.Before, d.Gone)
}

func textsOf(s *ruleset.Set, members []ruleset.Member) []string {
	var texts []string
	for _, m := range members {
		texts = append(texts, memberText(s, m))
	}
	return texts
}
