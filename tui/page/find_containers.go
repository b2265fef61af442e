package page

import (
	"strconv"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tui/query"
	"github.com/mfwtui/mfwtui/tui/words"
)

// containerLanguage are what the filter of the containers may ask.
var containerLanguage = []query.Key{
	query.IP, query.Src, query.Dst, query.Port, query.DPort, query.Proto, query.State, query.Rule, query.Iface, query.Family,
}

// containerStates are the states of a container, and the exposures of a port.
var containerStates = []string{
	"running", "exited", "created", "paused", "restarting", "removing", "dead",
	string(engine.Unfiltered), string(engine.Unreachable), string(engine.Reachable), string(engine.HostOnly),
}

// containerRecord is a line of the containers as the filter sees it.
type containerRecord struct{ *containerRow }

// Addrs appends the addresses of the container, and the one that its port is
// published on; a container is asked, so it has no source.
func (r *containerRecord) Addrs(k query.Key, to []query.Span) []query.Span {
	if k == query.Src {
		return to
	}
	for _, a := range r.addresses() {
		to = append(to, query.AddrSpan(a))
	}
	if r.port != nil && !r.port.Host.Addr().IsUnspecified() {
		to = append(to, query.AddrSpan(r.port.Host.Addr()))
	}
	return to
}

// Ports appends the published port and that of the container.
func (r *containerRecord) Ports(k query.Key, to []query.Ports) []query.Ports {
	if k == query.SPort || r.port == nil {
		return to
	}
	host, own := r.port.Host.Port(), r.port.Container
	return append(to, query.Ports{Lo: host, Hi: host}, query.Ports{Lo: own, Hi: own})
}

// Words appends state and exposure, bridges and their zones, or the rows.
func (r *containerRecord) Words(k query.Key, to []string) []string {
	if k == query.State {
		to = append(to, r.State)
	}
	if k == query.Iface {
		for i := range r.Networks {
			to = append(to, r.Networks[i].Bridge, r.Networks[i].Zone)
		}
	}
	if r.port == nil {
		return to
	}
	switch k {
	case query.State:
		to = append(to, string(r.port.Exposure))
	case query.Rule:
		for _, from := range r.port.From {
			to = append(to, from.By)
		}
	case query.Proto:
		to = append(to, words.Protocol(&engine.Flow{Proto: r.port.Proto}), strconv.Itoa(int(r.port.Proto)))
	case query.Family:
		to = append(to, ruleset.OfAddr(r.port.Host.Addr()).String())
	}
	return to
}

// Text appends what the columns show.
func (r *containerRecord) Text(to []byte) []byte {
	words := []string{r.Name, r.State, r.networkWords()}
	for _, a := range r.addresses() {
		words = append(words, a.String())
	}
	if r.port != nil {
		words = append(words, r.port.Host.String(), r.portWords(), r.port.String())
	}
	for _, w := range words {
		to = append(append(to, w...), ' ')
	}
	return to
}

// values are the terms of the selected line.
func (l *containerList) values() []string {
	r := l.selected()
	if r == nil {
		return nil
	}
	terms := []string{query.Term(query.Text, r.Name)}
	if r.port != nil {
		terms = append(terms, query.Term(query.State, string(r.port.Exposure)), query.Term(query.Port, strconv.Itoa(int(r.port.Host.Port()))))
	}
	for _, a := range r.addresses() {
		terms = append(terms, query.Term(query.IP, a.String()))
	}
	for i := range r.Networks {
		terms = append(terms, query.Term(query.Iface, r.Networks[i].Bridge))
	}
	return terms
}
