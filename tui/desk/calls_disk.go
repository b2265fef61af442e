package desk

import (
	"path/filepath"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// The answers about the tables on disk.
type (
	// OnDiskMsg answers OnDisk: the tables that somebody else changed.
	OnDiskMsg = Reply[[]string]
	// DiskReadMsg answers ReadDisk.
	DiskReadMsg struct {
		N        uint64
		Set      *tables.Set
		Problems tables.Problems
		Err      error
	}
	// RebasedMsg answers Rebase: a save may replace what was read.
	RebasedMsg struct {
		N   uint64
		Err error
	}
	// FirstUseMsg answers FirstUse. Facts are nil when there are tables.
	FirstUseMsg = Reply[*engine.StarterFacts]
	// CreatedMsg answers Create.
	CreatedMsg struct {
		N   uint64
		Err error
	}
)

// Path is the file of a table.
func (c *Calls) Path(k tables.Kind) string { return filepath.Join(c.backend.Dir(), k.String()) }

// OnDisk asks which tables somebody else changed.
func (c *Calls) OnDisk(r *Request) tea.Cmd {
	m := OnDiskMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Value, m.Err = try(func() ([]string, error) { return c.backend.ChangedOnDisk(), nil })
		return m
	}
}

// ReadDisk reads the tables as they are on disk, and leaves it to Rebase to
// make them what a save may replace.
func (c *Calls) ReadDisk(r *Request) tea.Cmd {
	m := DiskReadMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Set, m.Err = try(func() (set *tables.Set, err error) {
			set, m.Problems = c.backend.ReadDisk()
			return set, nil
		})
		return m
	}
}

// Rebase says that a set that ReadDisk gave is known.
func (c *Calls) Rebase(r *Request, onDisk *tables.Set) tea.Cmd {
	m := RebasedMsg{N: c.Number(r)}
	return func() tea.Msg {
		_, m.Err = try(func() (struct{}, error) { c.backend.Rebase(onDisk); return struct{}{}, nil })
		return m
	}
}

// FirstUse asks whether there are no tables yet, and then for what the first
// ones are made from.
func (c *Calls) FirstUse(r *Request) tea.Cmd {
	m := FirstUseMsg{N: c.Number(r)}
	return func() tea.Msg {
		m.Value, m.Err = try(func() (*engine.StarterFacts, error) {
			if !c.backend.FirstUse() {
				return nil, nil
			}
			facts, err := c.backend.StarterFacts()
			return &facts, err
		})
		return m
	}
}

// Create writes the first tables.
func (c *Calls) Create(r *Request, set *tables.Set) tea.Cmd {
	m := CreatedMsg{N: c.Number(r)}
	return func() tea.Msg {
		_, m.Err = try(func() (struct{}, error) { return struct{}{}, c.backend.CreateTables(set) })
		return m
	}
}
