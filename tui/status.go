package tui

import (
	"slices"
	"time"

	"github.com/mfwtui/mfwtui/tui/page"
	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// field is a part of the state line.
type field struct {
	label widget.Safe
	how   style.Style
	text  widget.Safe
	// rank says which fields go first when there is no room: the highest.
	// Fields of rank 0 stay.
	rank int
	// right: it stands at the right end of the line.
	right bool
	// least is how wide the text counts at least: what changes all the time must
	// not make another field come and go.
	least int
}

func (f field) width() int { return f.label.Width() + max(f.text.Width(), f.least) }

// stateLine is the first line: where you are, whether the kernel runs what was
// applied, what is staged, whether both families say the same, the link and the
// time. During a trial it is the clock.
func (m *model) stateLine() string {
	st, width := m.shared.Styles, m.layout.width
	l := widget.NewLine(width, st.Glyphs)
	if m.pending != "" && width < minWidth {
		return l.Put(st.Alarm, " TRIAL "+m.clock()+" ").String()
	}
	host := m.shared.Host.Cut(max(width/4, 8), st.Glyphs.Ellipsis) // what comes behind it counts more
	fields, gap := fitFields(append([]field{{label: " mfwtui  ", how: st.Strong, text: host}}, m.state()...), width)
	for i, f := range fields {
		switch {
		case f.right:
			l.End(f.how, f.text+" ")
			continue
		case i > 0:
			l.Text(gap)
		}
		l.Text(f.label).Put(f.how, f.text)
	}
	return l.String()
}

// state are the fields after the host, in their order.
func (m *model) state() []field {
	st := m.shared.Styles
	clock := field{how: st.Dim, text: m.clockText(), rank: 1, right: true}
	if m.pending != "" {
		return slices.Concat([]field{
			{how: st.Alarm, text: " TRIAL - NOT KEPT YET "},
			{how: st.Strong, text: "rollback in " + m.clock()},
		}, m.linkFields(), []field{clock})
	}
	live, how := m.liveState()
	fields := []field{{label: "LIVE ", how: how, text: live}, m.stagedField()}
	if len(m.shared.Desk.Elsewhere()) > 0 { // somebody else wrote the tables
		fields = append(fields, field{label: "DISK ", how: st.Warn, text: "changed"})
	}
	return slices.Concat(fields, m.checkFields(), m.parityFields(), m.linkFields(), m.paceFields(), []field{clock})
}

// fitFields leaves out the least important fields until the rest has room, and
// says what stands between them: rather less than a field less.
func fitFields(fields []field, width int) (fit []field, gap widget.Safe) {
	for {
		need, worst := 1, 0
		for i, f := range fields {
			need += f.width()
			if f.rank >= fields[worst].rank {
				worst = i
			}
		}
		for _, gap := range []widget.Safe{"   ", "  "} {
			if need+gap.Width()*(len(fields)-1) <= width {
				return fields, gap
			}
		}
		if fields[worst].rank == 0 {
			return fields, "  "
		}
		fields = slices.Delete(fields, worst, worst+1)
	}
}

// clock is the time left as the guardian says.
func (m *model) clock() widget.Safe { return page.Clock(m.trial.Left()) }

// clockText is the time of day with its zone. While the screens are read less
// often than each second it stands still between two readings, since each
// change is sent.
func (m *model) clockText() widget.Safe {
	now := m.shared.Now()
	if m.pace.every() > time.Second && m.pending == "" {
		now = m.read
	}
	if m.settings.UTC {
		now = now.UTC()
	}
	return widget.Clean(now.Format("15:04:05 MST"))
}

// liveState says whether the kernel runs what was applied last.
func (m *model) liveState() (widget.Safe, style.Style) {
	st := m.shared.Styles
	switch {
	case m.statusErr != nil:
		return "unknown", st.Bad
	case m.status.Version == "" && m.status.Current == nil:
		return "...", st.Dim
	case m.status.Current == nil:
		return "not applied", st.Warn
	case m.status.Current.Damaged != nil:
		return "DAMAGED", st.Bad
	case m.status.Drift != nil && !m.status.Drift.Empty():
		return "DRIFT", st.Warn
	case len(m.status.Unapplied) > 0: // as after a save, or a rollback
		return "not the saved tables", st.Warn
	}
	return "in sync", st.Good
}

func (m *model) stagedField() field {
	staged, how := m.shared.Desk.Staged(), m.shared.Styles.Text
	if staged > 0 {
		how = m.shared.Styles.Changed
	}
	return field{label: "STAGED ", how: how, text: widget.Format("%d", staged)}
}

// checkFields count the problems of the tables. Errors block an apply and are
// never left out; warnings are on the overview as well.
func (m *model) checkFields() []field {
	st := m.shared.Styles
	switch errors, warnings := m.shared.Desk.Count(); {
	case errors > 0:
		return []field{{label: "check ", how: st.Bad, text: errorsText(errors, warnings)}}
	case warnings > 0:
		return []field{{label: "check ", how: st.Warn, text: widget.Format("%dW", warnings), rank: 5}}
	case m.shared.Desk.Config() == nil:
		return nil // not checked yet
	}
	return []field{{label: "check ", how: st.Good, text: "ok", rank: 4}}
}

// errorsText counts errors, and warnings when there are some.
func errorsText(errors, warnings int) widget.Safe {
	if warnings == 0 {
		return widget.Format("%dE", errors)
	}
	return widget.Format("%dE %dW", errors, warnings)
}

// parityFields say how many rows exist in one address family only.
func (m *model) parityFields() []field {
	st, f := m.shared.Styles, field{label: "v4=v6 ", rank: 4}
	switch n, known := m.shared.Desk.OneFamily(); {
	case !known:
		return nil
	case n > 0:
		f.how, f.text = st.Warn, widget.Format("warn %d", n)
	default:
		f.how, f.text, f.rank = st.Good, "ok", 6
	}
	return []field{f}
}

// linkFields say how long the terminal takes to answer, once it has.
func (m *model) linkFields() []field {
	st := m.shared.Styles
	round, known := m.link.round()
	switch ms := round.Milliseconds(); {
	case !known && m.pace.slow == 0:
		return nil
	case !known: // it answers nothing, and takes long to read
		return []field{{label: "link ", how: st.Warn, text: "slow", rank: 2}}
	case m.pace.slow > 0:
		return []field{{label: "link ", how: st.Warn, text: widget.Format("%dms slow", ms), rank: 2}}
	default:
		return []field{{label: "link ", how: st.Good, text: widget.Format("%dms", ms), rank: 3, least: len("99ms")}}
	}
}

// paceFields say how often live screens are read, unless that is each second.
func (m *model) paceFields() []field {
	if m.pace.every() == time.Second {
		return nil
	}
	return []field{{label: "every ", text: widget.Clean(seconds(m.pace.every())), rank: 3}}
}

// tabs is the second line; a rule while the trial covers the screens.
func (m *model) tabs() string {
	if m.at == page.TrialScreen {
		return widget.Ruler(m.layout.width, m.shared.Styles)
	}
	labels, active := m.tabLabels()
	return widget.Tabs(labels, active, m.layout.width, m.shared.Styles)
}

// tabLabels are the labels of the tabs and which of them is active.
func (m *model) tabLabels() (labels []widget.Safe, active int) {
	if m.pending != "" {
		labels, active = append(labels, "0 TRIAL"), 1
	}
	first := len(labels)
	keys := m.keymap.shown(page.Stay, m.keys.Screens[:])
	for i, at := range screens {
		if at == m.at {
			active = first + i
		}
		labels = append(labels, widget.Format("%s %s", keys[i].Help().Key, m.pages[at].Title()))
	}
	return labels, active
}
