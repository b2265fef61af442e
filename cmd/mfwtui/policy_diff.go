package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

// policyDiff prints the packets whose verdict an apply would change.
func (a *app) policyDiff(cmd *cobra.Command) error {
	e := a.engine()
	p, err := a.comparison(cmd, e)
	if err != nil {
		return err
	}
	impact, err := e.PolicyImpact(cmd.Context(), p)
	if err != nil {
		return err
	}
	if a.asJSON {
		err = a.json(policyJSONOf(impact))
	} else {
		err = a.printPolicy(impact)
	}
	if err != nil {
		return err
	}
	if !impact.Empty() {
		return exit(1)
	}
	return nil
}

func (a *app) printPolicy(impact *engine.PolicyImpact) error {
	var b strings.Builder
	for _, part := range []struct {
		word string
		sets []engine.PacketSet
	}{{"newly allowed", impact.Allowed}, {"newly denied ", impact.Denied}, {"redirected   ", impact.Redirected}} {
		for _, s := range part.sets {
			fmt.Fprintf(&b, "%s  %-5s  %s  (was %s, now %s)\n", part.word, familyWords(s), s, s.Before, s.After)
		}
	}
	if impact.More {
		b.WriteString("and more: the list was cut\n")
	}
	_, err := fmt.Fprint(a.out, visibleLines(b.String()))
	for _, d := range impact.Doubts {
		fmt.Fprintln(a.err, "not judged:", visible(d))
	}
	return err
}

func familyWords(s engine.PacketSet) string {
	var words []string
	for _, f := range s.Families {
		words = append(words, f.String())
	}
	return strings.Join(words, "+")
}

// policyJSON is the consequences of a change as --json prints them.
type policyJSON struct {
	Same       bool            `json:"same"`
	Allowed    []packetSetJSON `json:"allowed"`
	Denied     []packetSetJSON `json:"denied"`
	Redirected []packetSetJSON `json:"redirected"`
	More       bool            `json:"more"`
	NotJudged  []string        `json:"not_judged"`
}

type packetSetJSON struct {
	Families []string `json:"families"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	Service  string   `json:"service"`
	Src      string   `json:"src"`
	Dst      string   `json:"dst"`
	Before   string   `json:"before"`
	After    string   `json:"after"`
}

func policyJSONOf(p *engine.PolicyImpact) policyJSON {
	return policyJSON{
		Same: p.Empty(), More: p.More, NotJudged: append([]string{}, p.Doubts...),
		Allowed: packetSetsJSON(p.Allowed), Denied: packetSetsJSON(p.Denied), Redirected: packetSetsJSON(p.Redirected),
	}
}

func packetSetsJSON(sets []engine.PacketSet) []packetSetJSON {
	list := make([]packetSetJSON, 0, len(sets))
	for _, s := range sets {
		families := strings.Split(familyWords(s), "+")
		list = append(list, packetSetJSON{families, s.From, s.To, s.Service, s.Src, s.Dst, s.Before, s.After})
	}
	return list
}
