package engine

import (
	"fmt"
	"slices"

	"github.com/mfwtui/mfwtui/tables"
)

// rowIndex finds what belongs to a row of a set of tables.
type rowIndex struct {
	set *tables.Set
	// ids are the rule ids of a row, users the rows that name an object.
	ids   map[rowKey][]string
	users map[objectKey][]rowKey
}

type rowKey struct {
	kind tables.Kind
	line int
}

func (k rowKey) String() string { return fmt.Sprintf("%s:%d", k.kind, k.line) }

type objectKey struct {
	class tables.Object
	name  string
}

func newRowIndex(set *tables.Set, rows map[string]RowRef) *rowIndex {
	x := &rowIndex{set: set, ids: make(map[rowKey][]string), users: make(map[objectKey][]rowKey)}
	for id, ref := range rows {
		if ref.Line > 0 {
			k := rowKey{ref.Kind, ref.Line}
			x.ids[k] = append(x.ids[k], id)
		}
	}
	for _, k := range []tables.Kind{tables.Rules, tables.Virtuals} {
		columns := k.Columns()
		for i, l := range set.File(k).Lines {
			if !l.IsRow() {
				continue
			}
			for c := range min(len(columns), len(l.Cells)) {
				o := objectKey{columns[c].Object, l.Cells[c].Text}
				if o.class != tables.NoObject {
					x.use(o, rowKey{k, i + 1})
				}
			}
		}
	}
	return x
}

// use notes a row that names an object; rows come in order.
func (x *rowIndex) use(o objectKey, at rowKey) {
	if users := x.users[o]; len(users) == 0 || users[len(users)-1] != at {
		x.users[o] = append(users, at)
	}
}

// defined is the object that a row defines; zero for a row that uses them.
func defined(k tables.Kind, l *tables.Line) objectKey {
	switch {
	case l == nil || len(l.Cells) == 0:
	case k == tables.Addresses:
		return objectKey{tables.AddressObject, l.Cells[0].Text}
	case k == tables.Services:
		return objectKey{tables.ServiceObject, l.Cells[0].Text}
	case k == tables.Interfaces && len(l.Cells) > 1:
		return objectKey{tables.ZoneObject, l.Cells[1].Text}
	}
	return objectKey{}
}

// joiner finds the effect of a changed row.
type joiner struct {
	before, after *rowIndex
	effects       map[string]*[2]RuleEffect
	sets          map[string]bool
}

func (j *joiner) join(c tables.RowChange) RowEffect {
	e := RowEffect{RowChange: c}
	j.side(&e, j.before, c.Was, c.Before)
	j.side(&e, j.after, c.Now, c.After)
	slices.Sort(e.IDs)
	e.IDs = slices.Compact(e.IDs)
	for _, id := range e.IDs {
		if of := j.effects[id]; of != nil {
			e.V4.add(of[0])
			e.V6.add(of[1])
		}
	}
	if (c.Kind == tables.Rules || c.Kind == tables.Virtuals) && c.After != nil && !c.After.Disabled {
		e.Missing = j.after.missing(c.After, e.V4.Has, e.V6.Has)
	}
	return e
}

// side takes in what one side knows of the row.
func (j *joiner) side(e *RowEffect, x *rowIndex, line int, row *tables.Line) {
	if line == 0 {
		return
	}
	e.IDs = append(e.IDs, x.ids[rowKey{e.Kind, line}]...)
	object := defined(e.Kind, row)
	if object.class == tables.NoObject {
		return
	}
	e.Users = nil // those after, where there is one
	for _, user := range x.users[object] {
		e.IDs = append(e.IDs, x.ids[user]...)
		e.Users = append(e.Users, user.String())
	}
	for _, end := range []string{"_v4", "_v6", "_tcp", "_udp"} {
		if name := object.name + end; j.sets[name] && !slices.Contains(e.Sets, name) {
			e.Sets = append(e.Sets, name)
		}
	}
}

// missing says why an active row has no rules in a family; empty when it has
// some in both.
func (x *rowIndex) missing(row *tables.Line, v4, v6 int) string {
	switch {
	case v4 > 0 && v6 > 0:
		return ""
	case v4 == 0 && v6 == 0:
		return "no rule is generated"
	case v6 == 0:
		return "no v6 rule" + x.without(row, 2, "IPv6")
	}
	return "no v4 rule" + x.without(row, 1, "IPv4")
}

// without names the address object of a row that has nothing in one family.
func (x *rowIndex) without(row *tables.Line, cell int, family string) string {
	for _, l := range x.set.File(tables.Addresses).Lines {
		if l.IsRow() && len(l.Cells) > cell && l.Cells[cell].Text == "-" && slices.Contains(row.Texts(), l.Cells[0].Text) {
			return fmt.Sprintf(": %s has no %s address", l.Cells[0].Text, family)
		}
	}
	return " is generated"
}
