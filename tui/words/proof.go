package words

import (
	"fmt"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/widget"
)

// Proof are the proofs of a trial as sentences, one a line, for where no
// screen is drawn.
func Proof(p *engine.TrialProof) []widget.Safe {
	var out []widget.Safe
	add := func(format string, args ...any) { out = append(out, widget.Format(format, args...)) }
	switch {
	case p.LoginsErr != nil:
		add("Whether a new SSH connection came through is not known: %v.", p.LoginsErr)
	case len(p.Logins) == 0:
		add("No new SSH connection yet.")
		if p.Verdict != "" {
			add("The new rules say about one from %s: %s.", p.Client, p.Verdict)
		}
	default:
		best := BestLogin(p)
		from := best.From.String()
		if p.Client.IsValid() && best.From.Addr() != p.Client {
			from += ", not from you"
		}
		add("A new SSH connection from %s: %s.", from, Login(best, false))
	}
	if len(p.Denied) == 0 {
		add("Nothing was turned away since %s.", p.Since.Format("15:04:05"))
	}
	for i := range p.Denied[:min(len(p.Denied), 6)] {
		add("Turned away since %s: %s by %s.", p.Since.Format("15:04:05"), Plural(int(p.Denied[i].Packets), "packet"), DeniedName(&p.Denied[i]))
	}
	switch open, closed, cut := Services(p.Services); {
	case p.ServicesErr != nil:
		add("Which services are reachable is not known: %v.", p.ServicesErr)
	default:
		add("Services that listen: %d, reachable %s.", len(p.Services), orNone(open))
		if len(closed) > 0 {
			add("Nobody reaches: %s.", strings.Join(closed, " "))
		}
		if len(cut) > 0 {
			add("Connected now, and could not connect again: %s.", strings.Join(cut, ", "))
		}
	}
	return out
}

// LoginState says in a word or two, at most 12 cells, how far a new SSH
// connection of the administrator came, or somebody else's where there is none.
func LoginState(p *engine.TrialProof) string {
	best := BestLogin(p)
	switch {
	case p.LoginsErr != nil:
		return "not known"
	case best == nil:
		return "none yet"
	case !best.Done:
		return "first packet"
	case p.Client.IsValid() && best.From.Addr() != p.Client:
		return "not yours"
	}
	return "established"
}

func orNone(ports []string) string {
	if len(ports) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s", len(ports), strings.Join(ports, " "))
}

// BestLogin is the connection that proves the most: one that was established,
// of the administrator rather than of somebody else.
func BestLogin(p *engine.TrialProof) *engine.Login {
	var best *engine.Login
	worth := func(l *engine.Login) (n int) {
		if l.Done {
			n += 2
		}
		if l.From.Addr() == p.Client {
			n++
		}
		return n
	}
	for i := range p.Logins {
		if l := &p.Logins[i]; best == nil || worth(l) > worth(best) {
			best = l
		}
	}
	return best
}

// Login tell how far a connection has come; with from they name it.
func Login(l *engine.Login, from bool) widget.Safe {
	state := "handshake not done"
	if l.Done {
		state = "handshake done"
	}
	verdict := l.Verdict
	if verdict == "" {
		verdict = "verdict not known"
	}
	who := ""
	if from {
		who = l.From.String() + ": "
	}
	seen := ""
	if !l.At.IsZero() {
		seen = " " + l.At.Format("15:04:05")
	}
	return widget.Format("%sfirst packet seen%s, %s, %s", who, seen, verdict, state)
}

// DeniedName is the row, or what a built-in part stands for.
func DeniedName(d *engine.DeniedRow) string {
	switch {
	case d.Row.Line > 0:
		return fmt.Sprintf("%s:%d", d.Row.Kind, d.Row.Line)
	case d.Row.Name == "reject" || d.ID == "reject":
		return "no row"
	case d.Row.Name != "":
		return d.Row.Name
	}
	return d.ID
}

// Services lists the ports that somebody reaches, those that nobody does,
// and those whose present clients could not connect again.
func Services(services []engine.Service) (open, closed, cut []string) {
	for i := range services {
		s := &services[i]
		port := fmt.Sprint(s.Port)
		if s.Reachable {
			open = append(open, port)
		} else {
			closed = append(closed, port)
		}
		if s.Cut > 0 {
			cut = append(cut, fmt.Sprintf("%s to %s", Plural(s.Cut, "client"), port))
		}
	}
	return open, closed, cut
}
