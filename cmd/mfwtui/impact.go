package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
)

func (a *app) impactCommand() *cobra.Command {
	return rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "impact",
		Short: "what an apply would do to the connections that are open now",
		Long: `impact judges every live connection by the rules that run and by the compiled
tables, and prints those that an apply touches, similar ones as one line (with
--json each):

  cut            the next packet would be refused
  grandfathered  it goes on, but only because it is open: it could not be opened again
  opens          it could not be opened today, and could after the apply

Your own SSH connection comes first. It ends with 0 when no connection is touched and
1 when one is.`,
		Example:     "  mfwtui impact\n  mfwtui impact --json",
		Args:        noArgs,
		Annotations: map[string]string{oneIsAnAnswer: ""},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.impact(cmd) },
	}))
}

func (a *app) impact(cmd *cobra.Command) error {
	e := a.engine()
	p, err := a.comparison(cmd, e)
	if err != nil {
		return err
	}
	impact, err := e.FlowImpact(cmd.Context(), p)
	if err != nil {
		return err
	}
	if a.asJSON {
		err = a.json(impactJSONOf(impact))
	} else {
		err = a.printImpact(impact)
	}
	if err != nil {
		return err
	}
	if len(impact.Touched) > 0 {
		return exit(1)
	}
	return nil
}

func (a *app) printImpact(impact *engine.FlowImpact) error {
	if o := impact.Own; o != nil {
		_, err := fmt.Fprintf(a.out, "your SSH connection %s > %s: this one %s, a new one %s; %s\n",
			o.Client, o.Server, visible(o.Open), visible(o.New), visible(o.OtherFamily))
		if err != nil {
			return err
		}
	}
	if groups := impact.Groups(); len(groups) > 0 {
		if err := a.table(touchedRows(groups)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.out, "%d cut, %d grandfathered, %d opening, of %d connections\n",
		impact.Count(engine.Cut), impact.Count(engine.Grandfathered), impact.Count(engine.Opens), impact.Judged)
	return err
}

// touchedRows is a table of flows, similar ones as one line without the source
// port.
func touchedRows(groups []engine.TouchedFlows) [][]string {
	rows := [][]string{{"FATE", "COUNT", "PROTO", "FLOW", "PATH", "TODAY", "AFTER, AS NEW"}}
	for i := range groups {
		t := &groups[i]
		port := t.Orig.SrcPort
		if t.Count > 1 {
			port = 0
		}
		rows = append(rows, []string{
			string(t.Fate), strconv.Itoa(t.Count), protoName(t.Proto), endpoint(t.Orig.Src, port) + " > " + endpoint(t.Orig.Dst, t.Orig.DstPort),
			t.From + " > " + t.To, t.Before, t.After,
		})
	}
	return rows
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

func impactJSONOf(i *engine.FlowImpact) impactJSON {
	out := impactJSON{
		Judged: i.Judged, Cut: i.Count(engine.Cut), Grandfathered: i.Count(engine.Grandfathered), Opens: i.Count(engine.Opens),
		Touched: make([]touchedJSON, 0, len(i.Touched)),
	}
	if o := i.Own; o != nil {
		out.Own = &ownJSON{o.Client.String(), o.Server.String(), o.Listed, o.Open, o.New, o.GoesOn, o.Reopens, o.OtherFamily}
	}
	for k := range i.Touched {
		t := &i.Touched[k]
		out.Touched = append(out.Touched, touchedJSON{string(t.Fate), t.From, t.To, t.Before, t.After, flowJSONOf(&t.Flow)})
	}
	return out
}
