package desk

import (
	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/tables"
)

// diskWatch is what is known about changes that somebody else made on disk.
type diskWatch struct {
	elsewhere []string // tables that somebody else changed
	asking    Request
}

// Elsewhere names the tables that somebody else changed on disk since they were
// read here.
func (d *Desk) Elsewhere() []string { return d.disk.elsewhere }

// SetElsewhere notes the tables that somebody else changed, as a save that was
// refused names them.
func (d *Desk) SetElsewhere(changed []string) { d.disk.elsewhere = changed }

// WatchDisk asks whether somebody else changed the tables.
func (d *Desk) WatchDisk(c *Calls) tea.Cmd {
	if d.set == nil || d.disk.asking.Busy() || d.saving.Busy() || d.loading.Busy() {
		return nil
	}
	return c.OnDisk(&d.disk.asking)
}

// TakeOnDisk takes the answer, and reports whether it is news.
func (d *Desk) TakeOnDisk(m OnDiskMsg) bool {
	if !d.disk.asking.Done(m.N) || m.Err != nil {
		return false
	}
	before := len(d.disk.elsewhere)
	d.disk.elsewhere = m.Value
	return len(m.Value) > before
}

// InStep notes that what is on disk is known here.
func (d *Desk) InStep() {
	d.disk.elsewhere = nil
	d.disk.asking.Drop() // its answer is about the time before
}

// Rebase takes what is on disk as the state that was saved last, and a set made
// from it as an edit. The edits before stay in the way back.
func (d *Desk) Rebase(onDisk, next *tables.Set, at Place) {
	d.saved = onDisk
	d.InStep()
	d.Put(at, next)
}
