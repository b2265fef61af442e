package host

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// fakeSet is one set. Elements are kept as the words of their add command.
type fakeSet struct {
	setHead
	// elements maps an element to when it runs out, the zero time for never.
	elements map[string]time.Time
}

// setHead is what a set is made with.
type setHead struct {
	typ     string
	family  ruleset.Family // 0 for a type that has none
	timeout int64          // default in seconds; -1 when elements have none
	maxElem int            // 0 for a type without limit
	ports   ruleset.PortRange
}

// The limits and defaults of ipset 7.17.
const (
	defaultMaxElem = 65536
	maxSetTimeout  = 2147483 // seconds
)

func newFakeSet(s *ruleset.Set) *fakeSet {
	k := &fakeSet{
		setHead:  setHead{s.Type, s.Family, s.Timeout, 0, s.Ports},
		elements: map[string]time.Time{},
	}
	if strings.HasPrefix(s.Type, "hash:") {
		k.maxElem = max(defaultMaxElem, len(s.Members))
	}
	for _, m := range s.Members {
		until := deadline(m.Timeout)
		switch {
		case m.Prefix.IsValid():
			k.elements[netText(m.Prefix)] = until
		case m.Text != "":
			k.elements[m.Text] = until
		default:
			for p := int(m.Port.Lo); p <= int(m.Port.Hi); p++ {
				k.elements[strconv.Itoa(p)] = until
			}
		}
	}
	return k
}

func deadline(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Now().Add(time.Duration(seconds) * time.Second)
}

// netText is a network as ipset prints it.
func netText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// saveSets prints the sets as ipset does, those that list others last.
func (k *Fake) saveSets() string {
	k.expire()
	names := slices.Sorted(maps.Keys(k.sets))
	slices.SortStableFunc(names, func(a, b string) int {
		return pick(k.sets[a].isList(), 1, 0) - pick(k.sets[b].isList(), 1, 0)
	})
	var b strings.Builder
	for _, name := range names {
		k.sets[name].save(&b, name)
	}
	return b.String()
}

func (s *fakeSet) isList() bool { return s.typ == "list:set" }

func (s *fakeSet) save(b *strings.Builder, name string) {
	fmt.Fprintf(b, "create %s %s", name, s.typ)
	if s.family != 0 {
		b.WriteString(" family " + pick(s.family == ruleset.V6, "inet6", "inet"))
	}
	if s.maxElem != 0 {
		fmt.Fprintf(b, " hashsize 1024 maxelem %d", s.maxElem)
	}
	if s.typ == "bitmap:port" {
		fmt.Fprintf(b, " range %d-%d", s.ports.Lo, s.ports.Hi)
	}
	if s.isList() {
		b.WriteString(" size 8")
	}
	if s.timeout >= 0 {
		fmt.Fprintf(b, " timeout %d", s.timeout)
	}
	b.WriteByte('\n')
	for _, e := range slices.Sorted(maps.Keys(s.elements)) {
		fmt.Fprintf(b, "add %s %s", name, e)
		if until := s.elements[e]; !until.IsZero() {
			fmt.Fprintf(b, " timeout %d", int64(time.Until(until).Seconds()))
		} else if s.timeout >= 0 {
			b.WriteString(" timeout 0")
		}
		b.WriteByte('\n')
	}
}

// expire removes what has run out.
func (k *Fake) expire() {
	now := time.Now()
	for _, s := range k.sets {
		maps.DeleteFunc(s.elements, func(_ string, until time.Time) bool {
			return !until.IsZero() && !until.After(now)
		})
	}
}

var (
	errNoSet     = errors.New("the set with the given name does not exist")
	errSetExists = errors.New("set cannot be created: set with the same name already exists")
)

// setLoad is the work on one restore text for sets. ipset collects neighbouring
// add or del commands for one set and sends them together: when a later line
// cannot be read they are lost, though their own lines were fine, and -exist
// holds for all of them if the first has it. (Measured with ipset 7.17.)
type setLoad struct {
	fake    *Fake
	pending []element
}

// element is one add or del command that was read and not yet done.
type element struct {
	line    int
	verb    string
	name    string
	text    []string // several for a range of ports
	seconds int64    // of the timeout
	exist   bool
}

// restoreSets runs the commands one by one; those before a wrong one stay done.
func (k *Fake) restoreSets(c Cmd) error {
	k.expire()
	l := setLoad{fake: k}
	number := 0
	for line := range strings.Lines(c.Stdin) {
		number++
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0][0] == '#':
			continue
		case words[0] == "quit":
			return nil // with success, and what is pending is lost
		}
		if bad, err := l.command(number, words); err != nil {
			return refuse(c, 1, "ipset v7.17: Error in line %d: %v", bad, err)
		}
	}
	if bad, err := l.flush(); err != nil {
		return refuse(c, 1, "ipset v7.17: Error in line %d: %v", bad, err)
	}
	return nil
}

// command runs one line; an error comes with the line that it is about.
func (l *setLoad) command(line int, words []string) (int, error) {
	exist := slices.Contains(words, "-exist")
	words = slices.DeleteFunc(words, func(w string) bool { return w == "-exist" })
	if (words[0] == "add" || words[0] == "del") && len(words) >= 3 {
		e, err := l.fake.parseElement(words)
		if err != nil {
			return line, err
		}
		e.line, e.exist = line, exist
		return l.collect(e)
	}
	if bad, err := l.flush(); err != nil || words[0] == "COMMIT" {
		return bad, err
	}
	return line, l.fake.setCommand(words, exist)
}

func (l *setLoad) collect(e element) (int, error) {
	if len(l.pending) > 0 {
		first := l.pending[0]
		if first.verb != e.verb || first.name != e.name {
			if bad, err := l.flush(); err != nil {
				return bad, err
			}
		} else {
			e.exist = first.exist
		}
	}
	l.pending = append(l.pending, e)
	return 0, nil
}

// flush does what is pending; what precedes a wrong element stays done.
func (l *setLoad) flush() (int, error) {
	pending := l.pending
	l.pending = nil
	for _, e := range pending {
		do := pick(e.verb == "add", l.fake.addElement, l.fake.deleteElement)
		if err := do(l.fake.sets[e.name], e); err != nil {
			return e.line, err
		}
	}
	return 0, nil
}

func (k *Fake) setCommand(words []string, exist bool) error {
	verb, args := words[0], words[1:]
	switch {
	case len(args) == 0:
		return fmt.Errorf("%s without a set would mean every set", verb)
	case verb == "create" && len(args) >= 2:
		return k.createSet(args[0], args[1], args[2:], exist)
	}
	s := k.sets[args[0]]
	switch {
	case s == nil:
		return errNoSet
	case verb == "flush" && len(args) == 1:
		clear(s.elements)
		return nil
	case verb == "destroy" && len(args) == 1:
		return k.destroySet(args[0])
	case verb == "rename" && len(args) == 2:
		return k.renameSet(args[0], args[1])
	case verb == "swap" && len(args) == 2:
		return k.swapSets(args[0], args[1])
	}
	return fmt.Errorf("syntax error: %s", strings.Join(words, " "))
}

func (k *Fake) createSet(name, typ string, options []string, exist bool) error {
	if err := ruleset.CheckSetName(name); err != nil {
		return err
	}
	head, err := parseHead(typ, options)
	if err != nil {
		return err
	}
	if head.typ == "list:set" && !k.caps.DeadMan {
		return errors.New("kernel error received: set type not supported")
	}
	switch old := k.sets[name]; {
	case old == nil:
		k.sets[name] = &fakeSet{head, map[string]time.Time{}}
	case !exist || old.setHead != head:
		// The kernel lets another family pass here, and refuses the elements.
		return errSetExists
	}
	return nil
}

// parseHead reads what follows the name in a create command.
func parseHead(typ string, options []string) (setHead, error) {
	h := setHead{typ: typ, timeout: -1}
	switch typ {
	case "hash:net", "hash:ip":
		h.family, h.maxElem = ruleset.V4, defaultMaxElem
	case "bitmap:port", "list:set":
	default:
		return h, fmt.Errorf("syntax error: typename '%s' is unknown", typ)
	}
	if len(options)%2 != 0 {
		return h, fmt.Errorf("syntax error: option without a value in %q", options)
	}
	for i := 0; i < len(options); i += 2 {
		if err := h.option(options[i], options[i+1]); err != nil {
			return h, err
		}
	}
	if typ == "bitmap:port" && h.ports == (ruleset.PortRange{}) {
		return h, errors.New("mandatory option `range' is missing")
	}
	return h, nil
}

func (h *setHead) option(name, value string) error {
	hash := h.maxElem > 0
	var err error
	switch {
	case name == "family" && hash && value == "inet":
		h.family = ruleset.V4
	case name == "family" && hash && value == "inet6":
		h.family = ruleset.V6
	case name == "maxelem" && hash:
		h.maxElem, err = number(value, 1, 1<<32-1)
	case name == "hashsize" && hash, name == "size" && h.typ == "list:set":
		_, err = number(value, 1, 1<<31)
	case name == "timeout":
		var n int
		n, err = number(value, 0, maxSetTimeout)
		h.timeout = int64(n)
	case name == "range" && h.typ == "bitmap:port":
		h.ports, err = portRange(value)
	default:
		return fmt.Errorf("unknown argument: `%s %s'", name, value)
	}
	return err
}

func number(text string, lo, hi int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("syntax error: '%s' is out of range %d-%d", text, lo, hi)
	}
	return n, nil
}

func portRange(text string) (ruleset.PortRange, error) {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		to = from
	}
	lo, err1 := number(from, 0, 65535)
	hi, err2 := number(to, lo, 65535)
	return ruleset.PortRange{Lo: uint16(lo), Hi: uint16(hi)}, errors.Join(err1, err2)
}

// parseElement reads "add SET ELEMENT [timeout N]" or "del SET ELEMENT".
func (k *Fake) parseElement(words []string) (element, error) {
	e := element{verb: words[0], name: words[1]}
	s := k.sets[e.name]
	if s == nil {
		return e, errNoSet
	}
	e.seconds = s.timeout
	var err error
	if e.text, err = k.elementsOf(s, words[2]); err != nil {
		return e, err
	}
	switch options := words[3:]; {
	case len(options) == 0:
		return e, nil
	case len(options) != 2 || options[0] != "timeout" || e.verb != "add":
		return e, fmt.Errorf("unknown argument: `%s'", options[0])
	case s.timeout < 0:
		return e, errors.New("timeout cannot be used: set was created without timeout support")
	}
	n, err := number(words[4], 0, maxSetTimeout)
	e.seconds = int64(n)
	return e, err
}

func (k *Fake) addElement(s *fakeSet, e element) error {
	for _, text := range e.text {
		_, there := s.elements[text]
		if there && !e.exist {
			return errors.New("element cannot be added to the set: it's already added")
		}
		if !there && s.maxElem > 0 && len(s.elements) >= s.maxElem {
			return errors.New("hash is full, cannot add more elements")
		}
		s.elements[text] = deadline(e.seconds)
	}
	return nil
}

func (k *Fake) deleteElement(s *fakeSet, e element) error {
	for _, text := range e.text {
		if _, there := s.elements[text]; !there && !e.exist {
			return errors.New("element cannot be deleted from the set: it's not added")
		}
		delete(s.elements, text)
	}
	return nil
}

// elementsOf reads an element in the one form that we write for each type.
// ipset takes more: ranges of addresses, host names, odd numbers.
func (k *Fake) elementsOf(s *fakeSet, text string) ([]string, error) {
	switch s.typ {
	case "list:set":
		member := k.sets[text]
		if member == nil {
			return nil, errors.New("set to be added/deleted/tested as element does not exist")
		}
		if member.isList() {
			return nil, errors.New("sets with list:set type cannot be added to the set")
		}
		return []string{text}, nil
	case "bitmap:port":
		return portElements(s.ports, text)
	}
	return netElement(s, text)
}

func portElements(in ruleset.PortRange, text string) ([]string, error) {
	r, err := portRange(text)
	if err != nil {
		return nil, err
	}
	if r.Lo < in.Lo || r.Hi > in.Hi {
		return nil, errors.New("element is out of the range of the set")
	}
	var ports []string
	for p := int(r.Lo); p <= int(r.Hi); p++ {
		ports = append(ports, strconv.Itoa(p))
	}
	return ports, nil
}

func netElement(s *fakeSet, text string) ([]string, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, aerr := netip.ParseAddr(text)
		if aerr != nil || a.Zone() != "" {
			return nil, fmt.Errorf("syntax error: cannot parse %s", text)
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	switch {
	case ruleset.OfAddr(p.Addr()) != s.family:
		return nil, fmt.Errorf("syntax error: cannot parse %s: wrong family", text)
	case p.Bits() == 0:
		return nil, errors.New("the value of the CIDR parameter of the IP address is invalid")
	case s.typ == "hash:ip" && !p.IsSingleIP():
		return nil, fmt.Errorf("syntax error: %s is a network", text)
	}
	return []string{netText(p.Masked())}, nil
}

func (k *Fake) destroySet(name string) error {
	if k.refersTo(name) {
		return errors.New("set cannot be destroyed: it is in use by a kernel component")
	}
	delete(k.sets, name)
	return nil
}

func (k *Fake) renameSet(from, to string) error {
	if err := ruleset.CheckSetName(to); err != nil {
		return err
	}
	if k.sets[to] != nil {
		return errors.New("set cannot be renamed: a set with the new name already exists")
	}
	if k.refersTo(from) {
		return errors.New("set cannot be renamed: it is in use by another system")
	}
	k.sets[to] = k.sets[from]
	delete(k.sets, from)
	return nil
}

// swapSets exchanges the contents; whoever names a set finds the other one
// behind the name from then on.
func (k *Fake) swapSets(a, b string) error {
	x, y := k.sets[a], k.sets[b]
	if y == nil {
		return errors.New("sets cannot be swapped: the second set does not exist")
	}
	if x.typ != y.typ || x.family != y.family {
		return errors.New("the sets cannot be swapped: their type does not match")
	}
	k.sets[a], k.sets[b] = y, x
	return nil
}

// refersTo reports whether a rule or a list names the set.
func (k *Fake) refersTo(name string) bool {
	for _, s := range k.sets {
		if _, listed := s.elements[name]; listed && s.isList() {
			return true
		}
	}
	return k.usesSet(name)
}
