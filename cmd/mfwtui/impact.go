package main

import (
	"fmt"
	"hash/maphash"
	"iter"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

func (a *app) impactCommand() *cobra.Command {
	var follow bool
	cmd := rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "impact",
		Short: "what an apply would do to the connections that are open now",
		Long: `impact judges every live connection by the rules that run and by the compiled
tables, and prints those that an apply touches, similar ones as one line (with
--json each):

  cut            the next packet would be refused
  grandfathered  it goes on, but only because it is open: it could not be opened again
  opens          it could not be opened today, and could after the apply

Your own SSH connection comes first. It ends with 0 when no connection is touched and
1 when one is. With --follow it looks every second, at the tables too, prints the
list again whenever other connections are touched or in another way, with --json each
on one line, and ends with 0 when it is told to end.`,
		Example:     "  mfwtui impact\n  mfwtui impact --json\n  mfwtui impact --follow",
		Args:        noArgs,
		Annotations: map[string]string{oneIsAnAnswer: ""},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.impact(cmd, follow) },
	}))
	cmd.Flags().BoolVar(&follow, "follow", false, "print the list again whenever it changes")
	return cmd
}

func (a *app) impact(cmd *cobra.Command, follow bool) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	if follow {
		e.FollowFlows()
		seed := maphash.MakeSeed()
		return followChanges(a, cmd, func() (sight[impactKey], error) {
			impact, err := a.flowImpact(cmd, e)
			if err != nil {
				return sight[impactKey]{}, err
			}
			return sight[impactKey]{impactKeyOf(impact, seed), func() error { return a.showImpact(cmd, e, impact, "") }}, nil
		})
	}
	impact, err := a.flowImpact(cmd, e)
	if err != nil {
		return err
	}
	if err := a.showImpact(cmd, e, impact, "  "); err != nil {
		return err
	}
	if impact.Touched.Len() > 0 {
		return exit(1)
	}
	return nil
}

// flowImpact is what an apply of the tables would do now.
func (a *app) flowImpact(cmd *cobra.Command, e *engine.Engine) (*engine.FlowImpact, error) {
	p, err := a.preview(cmd, e)
	if err != nil {
		return nil, err
	}
	return e.FlowImpact(cmd.Context(), p)
}

// showImpact prints an impact, JSON with an indent or on one line.
func (a *app) showImpact(cmd *cobra.Command, e *engine.Engine, impact *engine.FlowImpact, indent string) error {
	if a.asJSON {
		return a.impactAsJSON(impact, e.FlowNames(cmd.Context()), indent)
	}
	return a.printImpact(impact)
}

// impactKey is the same for impacts that touch the same flows in the same way, in
// whatever order: the sum of their hashes, and how many they are.
type impactKey struct {
	own     engine.OwnFlow
	touched int
	sum     uint64
}

func impactKeyOf(i *engine.FlowImpact, seed maphash.Seed) impactKey {
	key := impactKey{touched: i.Touched.Len()}
	if i.Own != nil {
		key.own = *i.Own
	}
	type ends struct {
		engine.Meaning
		proto       uint8
		orig, reply engine.Tuple
	}
	for k := range key.touched {
		t := i.Touched.At(k)
		key.sum += maphash.Comparable(seed, ends{t.Meaning, t.Proto, t.Orig, t.Reply})
	}
	return key
}

func (a *app) printImpact(impact *engine.FlowImpact) error {
	if o := impact.Own; o != nil {
		_, err := fmt.Fprintf(a.out, "your SSH connection %s > %s: this one %s, a new one %s; %s\n",
			o.Client, o.Server, visible(o.Open), visible(o.New), visible(o.OtherFamily))
		if err != nil {
			return err
		}
	}
	if groups := impact.Groups(); groups.Len() > 0 {
		if err := a.columns(touchedRows(groups)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.out, "%d cut, %d grandfathered, %d opening, of %d connections\n",
		impact.Count(engine.Cut), impact.Count(engine.Grandfathered), impact.Count(engine.Opens), impact.Judged)
	return err
}

// touchedHeads are the headings of the table.
var touchedHeads = []string{"FATE", "COUNT", "PROTO", "FLOW", "PATH", "TODAY", "AFTER, AS NEW"}

// touchedRows are the heading and a row for each group of flows, similar ones as
// one without the source port, all in the same room.
func touchedRows(groups engine.TouchedGroups) iter.Seq[[][]byte] {
	return func(yield func([][]byte) bool) {
		row := make([][]byte, len(touchedHeads))
		for i, head := range touchedHeads {
			row[i] = append(row[i], head...)
		}
		if !yield(row) {
			return
		}
		words := make(map[engine.Meaning]meaningWords)
		for i := range groups.Len() {
			t := groups.At(i)
			w, ok := words[t.Meaning]
			if !ok {
				w = meaningWords{visible(t.From + " > " + t.To), visible(t.Before), visible(t.After)}
				words[t.Meaning] = w
			}
			putTouched(row, &t, w)
			if !yield(row) {
				return
			}
		}
	}
}

// meaningWords are the cells that a meaning makes.
type meaningWords struct{ path, before, after string }

// putTouched writes the cells of a group.
func putTouched(row [][]byte, t *engine.TouchedFlows, w meaningWords) {
	port := t.Orig.SrcPort
	if t.Count > 1 {
		port = 0
	}
	row[0] = append(row[0][:0], t.Fate...)
	row[1] = strconv.AppendInt(row[1][:0], int64(t.Count), 10)
	row[2] = append(row[2][:0], protoName(t.Proto)...)
	row[3] = appendEndpoint(row[3][:0], t.Orig.Src, port)
	row[3] = appendEndpoint(append(row[3], " > "...), t.Orig.Dst, t.Orig.DstPort)
	row[4], row[5], row[6] = append(row[4][:0], w.path...), append(row[5][:0], w.before...), append(row[6][:0], w.after...)
}

// impactJSON is what --json prints; Touched has each flow.
type impactJSON struct {
	Judged        int           `json:"judged"`
	Cut           int           `json:"cut"`
	Grandfathered int           `json:"grandfathered"`
	Opens         int           `json:"opens"`
	Own           *ownJSON      `json:"own"`
	Touched       []touchedJSON `json:"touched"`
}

type ownJSON struct {
	Client      string `json:"client"`
	Server      string `json:"server"`
	Listed      bool   `json:"listed"`
	Open        string `json:"open"`
	New         string `json:"new"`
	GoesOn      bool   `json:"goes_on"`
	Reopens     bool   `json:"reopens"`
	OtherFamily string `json:"other_family"`
}

type touchedJSON struct {
	Fate   string   `json:"fate"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Before string   `json:"before"`
	After  string   `json:"after"`
	Flow   flowJSON `json:"flow"`
}

func (a *app) impactAsJSON(i *engine.FlowImpact, names engine.FlowNames, indent string) error {
	head := impactJSON{
		Judged: i.Judged, Cut: i.Count(engine.Cut), Grandfathered: i.Count(engine.Grandfathered), Opens: i.Count(engine.Opens),
		Touched: []touchedJSON{},
	}
	if o := i.Own; o != nil {
		head.Own = &ownJSON{o.Client.String(), o.Server.String(), o.Listed, o.Open, o.New, o.GoesOn, o.Reopens, o.OtherFamily}
	}
	return a.jsonList(head, func(yield func(any) bool) {
		for k := range i.Touched.Len() {
			t := i.Touched.At(k)
			if !yield(touchedJSON{string(t.Fate), t.From, t.To, t.Before, t.After, flowJSONOf(&t.Flow, names)}) {
				return
			}
		}
	}, indent)
}
