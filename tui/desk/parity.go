package desk

import "github.com/mfwtui/mfwtui/tables"

// New makes a desk with a set of tables on it.
func New(set *tables.Set) *Desk { return &Desk{set: set, saved: set} }

// familyCount is how many rows of a set of tables exist in one family only; it is
// asked for each time the screen is drawn, so the count is kept.
type familyCount struct {
	of   *tables.Config
	rows int
}

// OneFamily counts the rows that compile to IPv4 or to IPv6 alone; false before
// the tables were checked.
func (d *Desk) OneFamily() (n int, known bool) {
	if d.config == nil {
		return 0, false
	}
	if d.parity.of != d.config {
		d.parity = familyCount{of: d.config, rows: len(d.config.OneFamily())}
	}
	return d.parity.rows, true
}
