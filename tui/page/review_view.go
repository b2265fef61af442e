package page

import (
	"errors"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Render draws the page.
func (r *Review) Render(width, height int) View {
	if r.Applying() {
		return View{Lines: widget.Fit(r.progress(width), height)}
	}
	lines := append([]string{r.tabs(width)}, r.verdict(width)...)
	lines = append(lines, r.rule(width))
	lines = append(lines, r.notes(width)...)
	lines = append(lines, r.view[r.tab].Render(width, height-len(lines), r.Styles)...)
	return View{Lines: widget.Fit(lines, height)}
}

func (r *Review) tabs(width int) string {
	first, last, all := r.view[r.tab].Place()
	line := widget.Tabs([]widget.Safe{"changes", "compiled v4", "compiled v6"}, r.tab, width, r.Styles)
	place := r.line(width).End(r.Styles.Dim, widget.Format("%d-%d of %d", first, last, all)).String()
	return widget.Join(line, place)
}

// verdict says in a few lines what the comparison means.
func (r *Review) verdict(width int) []string {
	if r.preview == nil || r.preview.Diff == nil {
		return nil
	}
	lines := []string{r.line(width).Text(" ").Text(widget.Clean(summary(r.preview.Diff))).
		Text(widget.Format("      tables: %s", problemsText(r.preview.Problems))).String()}
	l := r.line(width).Text(" your SSH  ")
	switch k := r.preview.Lockout; {
	case r.lockedOut():
		l.Put(r.Styles.Bad, "LOCK-OUT  ").Text(r.lockoutText())
	case !k.Known:
		l.Put(r.Styles.Dim, "not known where you come from (SSH_CONNECTION is not set)")
	default:
		l.Put(r.Styles.Good, "OK  ").Text(widget.Format("as a new connection: %s   this one: %s", k.New, k.Open))
	}
	return append(lines, l.String())
}

// notes are why the last apply did not start, in full, and the note.
func (r *Review) notes(width int) []string {
	var lines []string
	if r.failed != nil {
		for _, text := range widget.Format("not applied, nothing was changed: %v", r.failed).Wrap(width - 2) {
			lines = append(lines, r.line(width).Text(" ").Put(r.Styles.Bad, text).String())
		}
		lines = append(lines[:min(len(lines), 5)], r.rule(width))
	}
	if note := r.note(); note != "" {
		lines = append(lines, r.line(width).Text(" "+note).String())
	}
	return lines
}

// note says why there is nothing to see, or why what is seen is not all.
func (r *Review) note() widget.Safe {
	switch {
	case r.Desk.Set() == nil && !r.Desk.Loading():
		return "the tables cannot be read (w says why)"
	case r.preview == nil && r.err != nil:
		return widget.Format("the comparison failed: %v   (R tries again)", r.err)
	case r.preview == nil:
		return "compiling, and reading the kernel's rules ..."
	case errors.Is(r.err, engine.ErrProblems), r.preview.Compiled == nil:
		return widget.Format("the tables have %s: they cannot be compiled (w lists them)", problemsText(r.preview.Problems))
	case r.err != nil:
		return widget.Format("the comparison failed: %v   (R tries again)", r.err)
	case r.of != r.Desk.Set():
		return "the tables were edited since this comparison; R compares again"
	case r.tab == changesTab && r.preview.Diff.Empty():
		return "no difference: the firewall runs exactly these rules"
	}
	return ""
}

// progress is shown while an apply is under way.
func (r *Review) progress(width int) []string {
	return []string{
		"",
		r.line(width).Put(r.Styles.Strong, " applying ...").Text(widget.Format("  %s", age(r.Now().Sub(r.since)))).String(),
		"",
		r.line(width).Text(" rehearsal in a network namespace of its own, with a connection from your address;").String(),
		r.line(width).Text(" guardian started; new rules loaded beside the old ones and read back; then the flip.").String(),
		"",
		r.line(width).Put(r.Styles.Dim, " Until the flip nothing changes. Keys pressed now are thrown away.").String(),
	}
}
