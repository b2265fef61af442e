package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

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
		do := l.fake.addElement
		if e.verb == "del" {
			do = l.fake.deleteElement
		}
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
