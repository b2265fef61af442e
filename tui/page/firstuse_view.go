package page

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
	"github.com/mfwtui/mfwtui/tui/widget"
)

func (f *firstUse) render(width, height int) View {
	lines := []string{
		f.line(width).Put(f.Styles.Strong, widget.Format(" No tables yet; these can be made for this host in %s:", f.dir())).String(),
		f.rule(width),
		f.row(width, "INTERFACE", "STATE", "ZONE", "ADDRESSES"),
	}
	foot := f.foot(width)
	var cursor *Point
	list := f.facts.Listed()
	room := max(height-len(lines)-len(foot), 1)
	first := max(f.at-room+1, 0)
	for n := first; n < len(list) && n < first+room; n++ {
		if n == f.at && f.zone != nil {
			_, at := f.zone.View(zoneLen)
			cursor = &Point{X: zoneAt + at, Y: len(lines)}
		}
		lines = append(lines, f.interfaceRow(list[n], n == f.at, width))
	}
	lines = widget.Fit(lines, min(len(lines)+1, max(height-len(foot), 0)))
	return View{Lines: widget.Fit(append(lines, foot...), height), Cursor: cursor}
}

// Where the zone stands in a row, and how long it may be.
const (
	zoneAt  = 2 + 17 + 6
	zoneLen = 12
)

func (f *firstUse) row(width int, name, state, zone, rest widget.Safe) string {
	how := f.Styles.Dim
	return f.line(width).Text("  ").Cell(how, name, 17).Cell(how, state, 6).Cell(how, zone, zoneLen+1).Put(how, rest).String()
}

// interfaceRow is an interface with its zone, the selected one with a mark.
func (f *firstUse) interfaceRow(i engine.HostInterface, selected bool, width int) string {
	mark := widget.Safe("  ")
	if selected {
		mark = "> "
	}
	zone, how := widget.Clean(f.facts.Zone(i)), f.Styles.Text
	switch {
	case selected && f.zone != nil:
		zone, _ = f.zone.View(zoneLen)
		how = f.Styles.Input
	case selected:
		how = f.Styles.Cell
	}
	if zone == "" && f.zone == nil {
		zone = "(left out)"
	}
	return f.line(width).Put(f.Styles.Key, mark).Cell(f.Styles.Strong, widget.Clean(i.Name), 17).Cell(f.Styles.Text, widget.Clean(i.State()), 6).
		Cell(how, zone, zoneLen).Text(" ").Text(widget.Clean(strings.Join(i.Words(), " "))).String()
}

// foot says what the tables would do.
func (f *firstUse) foot(width int) []string {
	lines := []string{f.rule(width)}
	say := func(text widget.Safe) {
		for _, part := range text.Wrap(width - 2) {
			lines = append(lines, f.line(width).Text(" "+part).String())
		}
	}
	switch zone := f.facts.ClientZone(); {
	case !f.facts.SSH():
		say("There is no SSH session to keep reachable: no row lets anybody in.")
	case zone == "":
		lines = append(lines, f.line(width).Put(f.Styles.Bad, widget.Format(" Your session from %s comes in by no zone: nothing would let it in.", f.facts.Client.Addr())).String())
	default:
		say(widget.Format("Your SSH session from %s stays reachable by this rule:", f.facts.Client.Addr()))
		lines = append(lines, f.sshRule(width)...)
	}
	say("Other new connections to this host are refused until you add rows; it may still open connections itself. Usual rows stand there switched off.")
	return append(lines, "", f.verdictLine(width))
}

// sshRule is the active row of the rules, and the address that it names.
func (f *firstUse) sshRule(width int) []string {
	if f.set == nil {
		return nil
	}
	var lines []string
	for _, k := range []tables.Kind{tables.Rules, tables.Addresses} {
		for _, l := range f.set.File(k).Lines {
			if l.IsRow() {
				lines = append(lines, f.line(width).Cell(f.Styles.Dim, widget.Format("   %s", k), 14).
					Put(f.Styles.Added, widget.Clean(strings.Join(l.Texts(), "  "))).String())
				break
			}
		}
	}
	return lines
}

// verdictLine is what the check says about the tables.
func (f *firstUse) verdictLine(width int) string {
	l := f.line(width)
	switch {
	case f.err != nil:
		return l.Put(f.Styles.Bad, widget.Format(" %v", f.err)).String()
	case f.check.Busy():
		return l.Put(f.Styles.Dim, " checking ...").String()
	case len(f.problems) == 0:
		return l.Put(f.Styles.Good, " check of these tables: ok").String()
	}
	worst := slices.MaxFunc(f.problems, func(a, b tables.Problem) int { return cmp.Compare(a.Severity, b.Severity) })
	how, mark := f.severity(worst)
	return l.Put(how, " "+mark+widget.Clean(worst.Error())).String()
}
