package desk

import "github.com/mfwtui/mfwtui/tables"

// Replace puts another set of tables in the place of the one being edited, as
// one edit that can be undone. It reports whether that changes anything.
func (d *Desk) Replace(set *tables.Set) bool {
	changed := set.Changed(d.set)
	if len(changed) == 0 {
		return false
	}
	next := d.set
	for _, k := range changed {
		next = next.With(set.File(k).Sharing(d.set.File(k)))
	}
	return d.Put(Place{Kind: changed[0], Line: 1}, next)
}
