package page

// defaultSort is the order until the person chooses one: by rate, or by age
// while the kernel counts no bytes and every rate is the same. It reports
// whether that is another one than before.
func (f *Flows) defaultSort() bool {
	by := rateCol
	if !f.latest.Accounting && !f.latest.At.IsZero() {
		by = ageCol
	}
	if f.sortChosen || f.table.SortBy == by {
		return false
	}
	f.table.SortBy = by
	return true
}
