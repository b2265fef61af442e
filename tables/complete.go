package tables

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Completion is a text that fits a cell, with a few words about it.
type Completion struct {
	Text string
	Help string
}

// Complete lists what can stand in a cell (counting from 0) and starts with
// what was typed; after those, what only contains it. Case does not matter.
// In a list of protocols the last one is completed.
func Complete(set *Set, kind Kind, cell int, typed string) []Completion {
	before := ""
	if kind == Interfaces && cell == 2 {
		at := strings.LastIndex(typed, ",") + 1
		before, typed = typed[:at], typed[at:]
	}
	lower := strings.ToLower(typed)
	var starting, containing []Completion
	for _, c := range set.candidates(kind, cell, before) {
		text := strings.ToLower(c.Text)
		c.Text = before + c.Text
		switch {
		case strings.HasPrefix(text, lower):
			starting = append(starting, c)
		case strings.Contains(text, lower):
			containing = append(containing, c)
		}
	}
	return append(starting, containing...)
}

// candidates are all texts that fit a cell after the members that are there
// already.
func (s *Set) candidates(kind Kind, cell int, before string) []Completion {
	switch kind {
	case Addresses, Services:
		if cell > 0 {
			return []Completion{{Empty, "none"}}
		}
	case Interfaces:
		switch cell {
		case 1:
			zones := s.objects(ZoneObject)
			if !slices.ContainsFunc(zones, func(c Completion) bool { return c.Text == Docker }) {
				zones = append(zones, Completion{Docker, "the bridges of containers"})
			}
			return zones
		case 2:
			return protocolCompletions(before)
		}
	case Rules:
		return s.ruleCandidates(cell)
	case Virtuals:
		return s.virtualCandidates(cell)
	case Options:
		return optionCandidates(cell)
	}
	return nil
}

func (s *Set) ruleCandidates(cell int) []Completion {
	switch cell {
	case 0:
		return s.objects(ZoneObject)
	case 1:
		return append([]Completion{{FW, "the firewall itself"}, {All, "the firewall and every zone"}}, s.objects(ZoneObject)...)
	case 2:
		return append([]Completion{{All, "any address"}, {GeoPrefix, "country codes, as in GEO:DE,AT"}}, s.objects(AddressObject)...)
	case 3:
		return append([]Completion{{All, "any address"}}, s.objects(AddressObject)...)
	case 4:
		return append([]Completion{{All, "every protocol and port"}}, s.objects(ServiceObject)...)
	case 5:
		return actionCompletions()
	}
	return nil
}

func (s *Set) virtualCandidates(cell int) []Completion {
	switch cell {
	case 0:
		return s.objects(ZoneObject)
	case 1:
		return s.objects(AddressObject)
	case 2:
		return append([]Completion{{Docker, "a published container port"}}, s.objects(AddressObject)...)
	case 3, 4:
		return append([]Completion{{All, "every port; both services must be ALL"}}, s.objects(ServiceObject)...)
	}
	return nil
}

func actionCompletions() []Completion {
	help := map[Verb]string{Accept: "let it pass", Reject: "refuse it and say so", Drop: "discard it silently"}
	var list []Completion
	for _, text := range slices.Sorted(maps.Keys(actions)) {
		a := actions[text]
		words := help[a.Verb]
		if a.NAT {
			words += ", from the firewall's own address"
		}
		if a.Log {
			words += ", and log it"
		}
		list = append(list, Completion{text, words})
	}
	return list
}

func protocolCompletions(before string) []Completion {
	list := []Completion{}
	if before == "" {
		list = append(list, Completion{Empty, "none"})
	}
	for _, name := range slices.Sorted(maps.Keys(protocolNames)) {
		list = append(list, Completion{name, "IP protocol " + strconv.Itoa(int(protocolNames[name]))})
	}
	return list
}

func optionCandidates(cell int) []Completion {
	var list []Completion
	switch cell {
	case 0:
		return []Completion{{ScopeAll, "the whole firewall"}}
	case 1:
		for _, o := range optionTable {
			list = append(list, Completion{o.name, o.help})
		}
	case 2:
		for _, o := range optionTable {
			for _, value := range o.values {
				list = append(list, Completion{value, o.name})
			}
		}
	}
	return list
}

// objects lists the objects of a class by the rows that define them, each
// once, with what the row says about it.
func (s *Set) objects(class Object) []Completion {
	at := make(map[string]int)
	var list []Completion
	for _, k := range Kinds() {
		for cell, column := range schema[k].Columns {
			if column.Object != class || !column.Defines {
				continue
			}
			for _, line := range s.files[k].Lines {
				if !line.IsRow() || len(line.Cells) != len(schema[k].Columns) {
					continue
				}
				name, help := line.Cells[cell].Text, describe(class, line)
				i, seen := at[name]
				switch {
				case !seen:
					at[name] = len(list)
					list = append(list, Completion{name, help})
				case class == ZoneObject:
					list[i].Help += ", " + help
				default:
					list[i].Help = help
				}
			}
		}
	}
	return list
}

// describe says what a defining row makes of the name.
func describe(class Object, line *Line) string {
	if class == ZoneObject {
		return line.Cells[0].Text
	}
	var values []string
	for i, cell := range line.Cells[1:] {
		switch {
		case cell.Text == Empty:
		case class == ServiceObject:
			values = append(values, [...]string{"tcp ", "udp "}[i]+cell.Text)
		default:
			values = append(values, cell.Text)
		}
	}
	return strings.Join(values, ", ")
}
