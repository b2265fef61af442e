package engine_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// question is a line that asks in both families what becomes of a packet:
//
//	client1 > firewall tcp 22: OPEN
//	client1 > firewall udp 53: PUNR | ADM
//	guest1 > client1 tcp 80: RST | -
//	client1 > firewall ping: HUNR 3/1 | ADM 1/1
//	inside > client1 tcp 5000: OPEN from firewall
//	client1 > firewall tcp 8080: OPEN at inside:80
//	client1@198.51.100.7 > firewall tcp 22: OPEN
//
// Two outcomes are for IPv4 and IPv6, and "-" does not ask. An address asks in
// its own family only. Numbers after an outcome are the ICMP type and code. A
// server that answers must be the host that was asked and must see the one that
// asks, unless the line says otherwise; after a refusal, "at" names who would
// have answered.
type question struct {
	line     string
	from, to string // hosts; to may be an address
	src      string // an address of from, or empty
	probe    lab.Probe
	want     [2]string
	at       string // host:port
	seen     string // a host
}

func parseQuestion(line string) (question, error) {
	q := question{line: line}
	ask, want, _ := strings.Cut(line, ": ")
	words := strings.Fields(ask)
	if len(words) < 4 || len(words) > 5 || words[1] != ">" || want == "" {
		return q, fmt.Errorf("%q: not a question", line)
	}
	q.from, q.src, _ = strings.Cut(words[0], "@")
	q.to = words[2]
	if len(words) == 5 {
		port, err := strconv.ParseUint(words[4], 10, 16)
		if err != nil {
			return q, fmt.Errorf("%q: %w", line, err)
		}
		q.probe.Port = uint16(port)
	}
	switch words[3] {
	case "tcp":
		q.probe.Proto = ruleset.TCP
	case "udp":
		q.probe.Proto = ruleset.UDP
	case "ping":
		q.probe.Proto = ruleset.ICMP
	default:
		number, err := strconv.ParseUint(words[3], 10, 8)
		if err != nil {
			return q, fmt.Errorf("%q: %w", line, err)
		}
		q.probe.Proto = uint8(number)
	}
	want, q.seen, _ = strings.Cut(want, " from ")
	want, q.at, _ = strings.Cut(want, " at ")
	v4, v6, two := strings.Cut(want, " | ")
	if !two {
		v6 = v4
	}
	q.want = [2]string{v4, v6}
	return q, nil
}

// hasPort reports whether the probe has a port, which a server listens on.
func (q question) hasPort() bool {
	return q.probe.Proto == ruleset.TCP || q.probe.Proto == ruleset.UDP
}

// servers lists the places, host:port, that the question may reach: a refusal
// must never be for want of a server.
func (q question) servers() []string {
	var places []string
	if q.at != "" {
		places = append(places, q.at)
	}
	if _, err := netip.ParseAddr(q.to); err != nil && q.hasPort() {
		places = append(places, fmt.Sprintf("%s:%d", q.to, q.probe.Port))
	}
	return places
}

// serve starts the servers of all questions that do not run yet.
func (s *site) serve(questions []question) {
	s.t.Helper()
	for _, q := range questions {
		places := q.servers()
		if q.probe.Proto != ruleset.ICMP && !q.hasPort() {
			places = []string{fmt.Sprintf("%s:protocol %d", q.to, q.probe.Proto)}
		}
		for _, place := range places {
			if !s.served[place] {
				s.served[place] = true
				s.serveAt(place)
			}
		}
	}
}

func (s *site) serveAt(place string) {
	s.t.Helper()
	var number uint16
	name, what, _ := strings.Cut(place, ":")
	serve := func() error { return s.Host(name).Serve(number) }
	if proto, ok := strings.CutPrefix(what, "protocol "); ok {
		what, serve = proto, func() error { return s.Host(name).ServeProtocol(uint8(number)) }
	}
	_, err := fmt.Sscan(what, &number)
	if err = cmp.Or(err, serve()); err != nil {
		s.t.Fatal(err)
	}
}

// ask asks all questions in both families at the same time.
func (s *site) ask(questions []question) {
	s.t.Helper()
	var busy sync.WaitGroup
	for _, q := range questions {
		for i, f := range ruleset.Families() {
			if q.want[i] != "-" && q.speaks(f) {
				busy.Go(func() { s.askOne(q, f, q.want[i]) })
			}
		}
	}
	busy.Wait()
}

// speaks reports whether the addresses that the line names are of the family.
func (q question) speaks(f ruleset.Family) bool {
	for _, text := range []string{q.src, q.to} {
		if a, err := netip.ParseAddr(text); err == nil && ruleset.OfAddr(a) != f {
			return false
		}
	}
	return true
}

func (s *site) askOne(q question, f ruleset.Family, want string) {
	outcome, code, hasCode := strings.Cut(want, " ")
	p := q.probe
	p.Dst = s.addr(q.to, f)
	if p.Proto == ruleset.ICMP {
		p.Proto = lab.Ping(p.Dst).Proto
	}
	if q.src != "" {
		p.Src = netip.MustParseAddr(q.src)
	}
	answer, err := s.Host(q.from).Expect(lab.Outcome(outcome), p)
	switch got := fmt.Sprintf("%d/%d", answer.Type, answer.Code); {
	case err != nil:
		s.t.Error(err)
	case string(answer.Outcome) != outcome:
		s.t.Errorf("%s: %s: got %s %s", q.line, f, answer.Outcome, got)
	case hasCode && code != got:
		s.t.Errorf("%s: %s: ICMP %s", q.line, f, got)
	case answer.Outcome == lab.Open && q.hasPort():
		s.checkServer(q, f, answer)
	}
}

// checkServer checks who answered, and whom the server saw.
func (s *site) checkServer(q question, f ruleset.Family, answer lab.Answer) {
	at := cmp.Or(q.at, fmt.Sprintf("%s:%d", q.to, q.probe.Port))
	if got := fmt.Sprintf("%s:%d", answer.Server, answer.Local.Port()); got != at {
		s.t.Errorf("%s: %s: answered at %s, want %s", q.line, f, got, at)
	}
	seen := s.addr(cmp.Or(q.seen, q.src, q.from), f)
	if answer.Seen.Addr() != seen {
		s.t.Errorf("%s: %s: the server saw %s, want %s", q.line, f, answer.Seen.Addr(), seen)
	}
}

// addr is the address of a host, or the one that is written.
func (s *site) addr(name string, f ruleset.Family) netip.Addr {
	if a, err := netip.ParseAddr(name); err == nil {
		return a
	}
	return s.Host(name).Addr(f)
}

// packets asks the questions of these lines.
func (s *site) packets(lines ...string) {
	s.t.Helper()
	s.ask(s.questions(lines...))
}

// questions reads lines and starts the servers for them.
func (s *site) questions(lines ...string) []question {
	s.t.Helper()
	var list []question
	for _, line := range lines {
		q, err := parseQuestion(line)
		if err != nil {
			s.t.Fatal(err)
		}
		list = append(list, q)
	}
	s.serve(list)
	return list
}

// needsOf are the parts of the lab that questions speak of.
func needsOf(t *testing.T, lines []string) lab.Options {
	t.Helper()
	opts := lab.Options{NoDocker: true}
	for _, line := range lines {
		q, err := parseQuestion(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{q.from, q.to} {
			opts.Guests = opts.Guests || strings.HasPrefix(name, "guest")
			opts.Unlisted = opts.Unlisted || name == lab.Other
		}
	}
	return opts
}
