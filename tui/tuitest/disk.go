package tuitest

import (
	"bytes"
	"maps"
	"net/netip"
	"testing/fstest"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tables"
)

// remember takes what is on disk as read; the lock is held.
func (s *Site) remember() { s.read = maps.Clone(s.Files) }

// changed names the tables on disk that are not what was read.
func (s *Site) changedOnDisk() []string {
	var list []string
	if s.read == nil {
		return nil
	}
	for _, k := range tables.Kinds() {
		if was, is := s.read[k.String()], s.Files[k.String()]; (was == nil) != (is == nil) || was != nil && !bytes.Equal(was.Data, is.Data) {
			list = append(list, k.String())
		}
	}
	return list
}

// Write changes a table on disk as somebody else would.
func (s *Site) Write(k tables.Kind, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Files[k.String()] = &fstest.MapFile{Data: []byte(text)}
}

// OnDisk is the text of a table on disk.
func (s *Site) OnDisk(k tables.Kind) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.Files[k.String()]; f != nil {
		return string(f.Data)
	}
	return ""
}

// ChangedOnDisk names the tables that Write changed since they were read.
func (s *Site) ChangedOnDisk() []string {
	_ = s.enter("ChangedOnDisk")
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changedOnDisk()
}

// ReadDisk reads the tables without taking them as read.
func (s *Site) ReadDisk() (*tables.Set, tables.Problems) {
	if err := s.enter("ReadDisk"); err != nil {
		return nil, tables.Problems{{File: "tables", Cell: -1, Severity: tables.Error, Text: err.Error()}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return tables.Load(s.Files)
}

// Rebase takes a set as read.
func (s *Site) Rebase(set *tables.Set) {
	_ = s.enter("Rebase")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed("rebase")
	for _, k := range tables.Kinds() {
		if s.Files[k.String()] != nil {
			s.read[k.String()] = &fstest.MapFile{Data: set.File(k).Bytes()}
		}
	}
}

// FirstUse reports whether there are no files.
func (s *Site) FirstUse() bool {
	_ = s.enter("FirstUse")
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.Files) == 0
}

// StarterFacts are those of a host with three interfaces and an SSH session.
func (s *Site) StarterFacts() (engine.StarterFacts, error) {
	if err := s.enter("StarterFacts"); err != nil {
		return engine.StarterFacts{}, err
	}
	list, err := s.HostInterfaces()
	return engine.StarterFacts{
		Interfaces: list, In: "eth0",
		Client: netip.MustParseAddrPort("203.0.113.7:52110"), Server: netip.MustParseAddrPort("198.51.100.4:22"),
	}, err
}

// CreateTables writes the first tables.
func (s *Site) CreateTables(set *tables.Set) error {
	if err := s.enter("CreateTables"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed("create")
	for _, k := range tables.Kinds() {
		s.Files[k.String()] = &fstest.MapFile{Data: set.File(k).Bytes()}
	}
	s.remember()
	return nil
}
