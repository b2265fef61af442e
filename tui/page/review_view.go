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
	body := height - len(lines)
	if note := r.note(); note != "" && body > 1 {
		lines = append(lines, r.line(width).Text(" "+note).String())
		body--
	}
	lines = append(lines, r.view[r.tab].Render(width, body, r.Styles)...)
	return View{Lines: widget.Fit(lines, height)}
}

func (r *Review) tabs(width int) string {
	first, last, all := r.view[r.tab].Place()
	line := widget.Tabs([]widget.Safe{"changes", "compiled v4", "compiled v6"}, r.tab, width-20, r.Styles)
	place := r.line(width).End(r.Styles.Dim, widget.Format("%d-%d of %d", first, last, all)).String()
	return widget.Join(line, place, width)
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

// note says why there is nothing to see, or why what is seen is not all.
func (r *Review) note() widget.Safe {
	switch {
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
