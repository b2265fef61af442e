package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/tui/style"
	"github.com/mfwtui/mfwtui/tui/widget"
	"github.com/mfwtui/mfwtui/tui/words"
)

// trialLine is a line of the screen. When there is no room for all, those of
// the highest rank go first; those of rank 0 stay.
type trialLine struct {
	rank int
	text string
	code bool // the code is typed here
}

// The ranks of the lines.
const (
	mustLine = iota
	proofLine
	ruleLine
	whyLine
	airLine
	moreLine
)

// Render draws the page.
func (t *Trial) Render(width, height int) View {
	lines := t.lines(width)
	for rank := moreLine; rank > mustLine && len(lines) > height; rank-- {
		for i := len(lines) - 1; i >= 0 && len(lines) > height; i-- {
			if lines[i].rank == rank {
				lines = append(lines[:i], lines[i+1:]...)
			}
		}
	}
	var view View
	for i, l := range lines {
		view.Lines = append(view.Lines, l.text)
		if l.code && i < height {
			at := t.columns(width).state + len("[") + min(len(t.typed), len(t.status.Code)-1)
			view.Cursor = &Point{X: min(at, width-1), Y: i}
		}
	}
	view.Lines = widget.Fit(view.Lines, height)
	return view
}

// lines are all lines, as if there were room.
func (t *Trial) lines(width int) []trialLine {
	rule, air := trialLine{rank: ruleLine, text: t.rule(width)}, trialLine{rank: airLine}
	lines := append([]trialLine{air}, t.clockLines(width)...)
	lines = append(lines, air, rule, t.headLine(width))
	lines = append(lines, t.codeLines(width)...)
	lines = append(lines, t.terminalLine(width))
	lines = append(lines, t.loginLines(width)...)
	lines = append(lines, t.deniedLines(width)...)
	lines = append(lines, t.serviceLines(width)...)
	lines = append(lines, t.checkedLines(width)...)
	lines = append(lines, rule)
	return append(lines, t.wordLines(width)...)
}

// trialColumns are where the columns of the proofs begin.
type trialColumns struct{ what, state int }

func (t *Trial) columns(width int) trialColumns {
	c := trialColumns{what: 31, state: width - 18}
	if width < narrowTrial {
		c = trialColumns{what: 24, state: width - 14}
	}
	return c
}

// narrowTrial is the width below which the proofs have short names.
const narrowTrial = 76

// label is a text for a wide screen or for a narrow one.
func label(width int, wide, narrow widget.Safe) widget.Safe {
	if width < narrowTrial {
		return narrow
	}
	return wide
}

// row is a line of the list of proofs: what is proved, by what, and its state.
func (t *Trial) row(rank, width int, name, what widget.Safe, how style.Style, state widget.Safe) trialLine {
	c := t.columns(width)
	l := t.line(width).Cell(t.Styles.Text, " "+name, c.what-1).Text(" ")
	if state == "" {
		l.Text(what)
	} else {
		l.Cell(t.Styles.Text, what, c.state-c.what-1).Text(" ").Put(how, state)
	}
	return trialLine{rank: rank, text: l.String()}
}

// more is a line under a row.
func (t *Trial) more(rank, width int, how style.Style, text widget.Safe) trialLine {
	return trialLine{rank: rank, text: t.line(width).Text("   ").Put(how, text).String()}
}

func (t *Trial) clockLines(width int) []trialLine {
	must := func(l *widget.Line) []trialLine { return []trialLine{{text: l.String()}} }
	switch t.status.State {
	case "prepared":
		return must(t.line(width).Put(t.Styles.Strong, "  BEING PREPARED: nothing has changed yet"))
	case "confirming":
		return must(t.line(width).Put(t.Styles.Strong, "  BEING CONFIRMED: the new rules stay"))
	}
	left, how := t.Left(), t.Styles.Strong
	if left < 10*time.Second {
		how = t.Styles.Alarm
	}
	lines := must(t.line(width).Text("  ROLLBACK IN  ").Put(how, " "+Clock(left)+" ").Text("  ").
		Put(how, widget.Bar(float64(left), float64(t.status.Timeout), max(width-30, 10), t.Styles.Glyphs)))
	holder := "by the kernel itself, and by the guardian"
	if !t.status.DeadMan {
		holder = "by the guardian alone (this kernel lacks a timed set)"
	}
	lines = append(lines, trialLine{rank: airLine},
		trialLine{whyLine, t.line(width).Text(widget.Format("  the old rules come back %s (pid %d),", holder, t.status.Guardian)).String(), false},
		trialLine{whyLine, t.line(width).Text("  even if this window, this SSH session or mfwtui dies").String(), false})
	if t.err != nil {
		lines = append(lines, trialLine{mustLine, t.line(width).Put(t.Styles.Warn, widget.Format("  the guardian was last heard %s ago: %v", age(t.Now().Sub(t.at)), t.err)).String(), false})
	}
	return lines
}

func (t *Trial) headLine(width int) trialLine {
	return trialLine{rank: moreLine, text: t.line(width).Put(t.Styles.Strong, " PROOF").To(t.columns(width).state).Put(t.Styles.Dim, "state").String()}
}

// codeLines show the code and take it: each proves one direction of this
// session.
func (t *Trial) codeLines(width int) []trialLine {
	if t.status.Code == "" {
		return []trialLine{{text: t.line(width).Text("  the new rules are not in force yet ...").String()}}
	}
	blanks := strings.Repeat("_", max(len(t.status.Code)-len(t.typed), 0))
	back := label(width, "this session, you to host", "you to host")
	read := t.row(mustLine, width, label(width, "this session, host to you", "host to you"), label(width, "you can read this code", "you read this code"),
		t.Styles.Alarm, " "+widget.Clean(t.status.Code)+" ")
	typed := t.row(mustLine, width, back, label(width, "type the code, then Enter", "type it, then Enter"), t.Styles.Input, widget.Clean("["+t.typed+blanks+"]"))
	switch {
	case t.answer.Busy():
		typed = t.row(mustLine, width, back, label(width, "asking the guardian ...", "asking ..."), t.Styles.Text, "sent")
	case t.wrong:
		typed = t.row(mustLine, width, back, label(width, "that was not the code", "was not the code"), t.Styles.Bad, widget.Clean("["+blanks+"]"))
	}
	typed.code = true
	return []trialLine{read, typed}
}

// silentTerminal is how long a terminal may be silent until that is said.
const silentTerminal = 20 * time.Second

func (t *Trial) terminalLine(width int) trialLine {
	if t.heard.IsZero() {
		return t.row(whyLine, width, "terminal answers", "nothing heard yet", t.Styles.Dim, "press a key")
	}
	quiet := t.Now().Sub(t.heard)
	what := widget.Format("last reply %s ago", age(quiet))
	if t.trip > 0 {
		what += widget.Format(", took %d ms", t.trip.Milliseconds())
	}
	if quiet > silentTerminal {
		return t.row(whyLine, width, "terminal answers", what, t.Styles.Dim, "silent")
	}
	return t.row(whyLine, width, "terminal answers", what, t.Styles.Good, "ok")
}

// loginLines are about the proof that counts most: a session that is open says
// nothing about whether the next one could be opened.
func (t *Trial) loginLines(width int) []trialLine {
	const name = "a NEW SSH connection"
	p := &t.proof
	switch {
	case t.proofErr != nil:
		return []trialLine{t.row(proofLine, width, name, widget.Format("%v", t.proofErr), t.Styles.Warn, "not known")}
	case p.ID == "":
		return []trialLine{t.row(proofLine, width, name, "looking ...", t.Styles.Dim, "")}
	case p.LoginsErr != nil:
		return []trialLine{t.row(proofLine, width, name, widget.Format("%v", p.LoginsErr), t.Styles.Warn, "not known")}
	}
	var lines []trialLine
	what, how, state := t.invitation(), t.Styles.Warn, widget.Safe("waiting ...")
	if best := words.BestLogin(p); best != nil {
		from := widget.Safe("from ")
		if p.Client.IsValid() && best.From.Addr() != p.Client {
			from = "not you: " // in front: an IPv6 address may be cut
		}
		what, how, state = from+widget.Clean(best.From.String()), t.Styles.Warn, "first packet"
		if best.Done {
			how, state = t.Styles.Good, "established"
		}
	}
	lines = append(lines, t.row(proofLine, width, name, what, how, state))
	if len(p.Logins) == 0 && p.Verdict != "" {
		how := t.Styles.Dim
		if !p.Open {
			how = t.Styles.Bad
		}
		lines = append(lines, t.more(whyLine, width, how, widget.Format("the new rules say about one from %s: %s", p.Client, p.Verdict)))
	}
	return append(lines, t.loginDetails(width)...)
}

// maxLogins is how many other new connections are shown where there is room.
const maxLogins = 4

// loginDetails say how far the connections have come, the one that proves most
// first.
func (t *Trial) loginDetails(width int) []trialLine {
	best := words.BestLogin(&t.proof)
	if best == nil {
		return nil
	}
	lines := []trialLine{t.more(whyLine, width, t.Styles.Dim, words.Login(best, false))}
	for i := range t.proof.Logins {
		if l := &t.proof.Logins[i]; l != best && len(lines) <= maxLogins {
			lines = append(lines, t.more(moreLine, width, t.Styles.Dim, words.Login(l, true)))
		}
	}
	return lines
}

func (t *Trial) invitation() widget.Safe {
	if t.proof.Client.IsValid() {
		return widget.Format("open one from %s", t.proof.Client)
	}
	return "open one from where you sit"
}

// deniedLines tell what the new rules turned away.
func (t *Trial) deniedLines(width int) []trialLine {
	p := &t.proof
	if p.ID == "" {
		return nil
	}
	name := widget.Safe("new drops since apply")
	if late := p.Since.Sub(t.status.Since); late > 5*time.Second {
		name = widget.Format("drops since %s", p.Since.Format("15:04:05"))
	}
	if len(p.Denied) == 0 {
		return []trialLine{t.row(proofLine, width, name, "none", t.Styles.Text, "")}
	}
	var all uint64
	var parts []string
	lines := []trialLine{{}}
	for i := range p.Denied {
		d := &p.Denied[i]
		all += d.Packets
		if i < 3 {
			parts = append(parts, fmt.Sprintf("%dx %s", d.Packets, words.DeniedName(d)))
		}
		if i < 6 && d.Row.Line > 0 {
			lines = append(lines, t.more(moreLine, width, t.Styles.Dim, widget.Format("%6dx %-10s %s", d.Packets, words.DeniedName(d), d.Text)))
		}
	}
	if n := len(p.Denied) - len(parts); n > 0 {
		parts = append(parts, fmt.Sprintf("%d more", n))
	}
	lines[0] = t.row(proofLine, width, name, widget.Format("%d  (%s)", all, strings.Join(parts, ", ")), t.Styles.Text, "")
	return lines
}

// serviceLines tell which ports of this host the new rules let somebody reach.
func (t *Trial) serviceLines(width int) []trialLine {
	p := &t.proof
	const name = "services listening"
	switch {
	case p.ID == "":
		return nil
	case p.ServicesErr != nil:
		return []trialLine{t.row(proofLine, width, name, widget.Format("%v", p.ServicesErr), t.Styles.Warn, "not known")}
	case len(p.Services) == 0:
		return []trialLine{t.row(proofLine, width, name, "none, loopback apart", t.Styles.Text, "")}
	}
	open, closed, cut := words.Services(p.Services)
	list := ""
	if len(open) > 0 {
		list = "  (" + strings.Join(open, " ") + ")"
	}
	lines := []trialLine{t.row(proofLine, width, name, widget.Format("reachable %d of %d%s", len(open), len(p.Services), list), t.Styles.Text, "")}
	if len(closed) > 0 {
		lines = append(lines, t.more(whyLine, width, t.Styles.Dim, widget.Format("nobody reaches: %s", strings.Join(closed, " "))))
	}
	if len(cut) > 0 {
		lines = append(lines, t.more(whyLine, width, t.Styles.Warn, widget.Format("connected now, and could not connect again: %s", strings.Join(cut, ", "))))
	}
	return lines
}

// checkedLines are what was verified before the flip.
func (t *Trial) checkedLines(width int) []trialLine {
	var lines []trialLine
	for _, text := range t.status.Proof {
		lines = append(lines, trialLine{moreLine, t.line(width).Put(t.Styles.Dim, " before:  ").Text(widget.Clean(text)).String(), false})
	}
	return lines
}

func (t *Trial) wordLines(width int) []trialLine {
	words := func(rank int, text widget.Safe) trialLine {
		return trialLine{rank, t.line(width).Put(t.Styles.Dim, " "+text).String(), false}
	}
	return []trialLine{
		words(whyLine, widget.Format("started by %s at %s", t.status.Who, t.status.Since.Format("15:04:05"))),
		words(whyLine, widget.Format("from another login:  mfwtui confirm %s   or   mfwtui reject", t.status.Code)),
		words(whyLine, `keys typed before the apply were discarded; only the code counts as "keep"`),
	}
}
