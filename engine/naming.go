package engine

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/tables"
)

// rowName is what a row id stands for.
type rowName struct {
	ref  compile.RowRef
	text string
}

// naming is what the kernel's rules, interfaces and addresses are called in the
// tables. It does not change.
type naming struct {
	rows  map[string]rowName
	zones map[string]string     // by interface
	hosts map[netip.Addr]string // address objects of one address
	// config are the applied tables, or those on disk when none were.
	config *tables.Config
}

// namingCache keeps the naming while neither the tables on disk nor the
// confirmed generation change: live views ask for it each second.
type namingCache struct {
	mu    sync.Mutex
	state string
	known *naming
}

// rowNames resolves row ids: by the tables of the confirmed generation, which
// is what the kernel runs, and by those on disk. The map is the caller's.
func (e *Engine) rowNames() map[string]rowName {
	known := e.naming().rows
	names := make(map[string]rowName, len(known))
	for id, name := range known {
		names[id] = name
	}
	return names
}

// naming is the present naming, for reading.
func (e *Engine) naming() *naming {
	e.names.mu.Lock()
	defer e.names.mu.Unlock()
	if state := e.namingState(); e.names.known == nil || state != e.names.state {
		e.names.state, e.names.known = state, e.makeNaming()
	}
	return e.names.known
}

// namingState changes when the tables on disk or the confirmed generation do.
func (e *Engine) namingState() string {
	var state string
	if gen, ok := apply.Current(e.paths); ok {
		state = gen.ID
	}
	for _, k := range tables.Kinds() {
		if info, err := os.Stat(filepath.Join(e.cfg.Dir, k.String())); err == nil {
			state += fmt.Sprint(" ", info.Size(), info.ModTime().UnixNano())
		} else {
			state += " -"
		}
	}
	return state
}

func (e *Engine) makeNaming() *naming {
	n := &naming{rows: make(map[string]rowName), zones: make(map[string]string), hosts: make(map[netip.Addr]string)}
	add := func(set *tables.Set) {
		cfg, problems := e.Check(set)
		if problems.HasErrors() {
			return
		}
		compiled, _ := e.Compile(set)
		if compiled == nil {
			return
		}
		for id, ref := range compiled.Rows {
			n.rows[id] = rowName{ref: ref, text: rowText(set, ref)}
		}
		n.config = cfg
	}
	if set, _ := e.readTables(); set != nil {
		add(set)
	}
	if set := e.appliedTables(); set != nil {
		add(set)
	}
	if n.config != nil {
		n.objects()
	}
	return n
}

// readTables reads the tables on disk without taking them as what an editor
// has read.
func (e *Engine) readTables() (*tables.Set, tables.Problems) {
	if err := e.CheckDir(); err != nil {
		return nil, nil
	}
	return tables.Load(tableFS(e.cfg.Dir))
}

// objects fills in zones and hosts.
func (n *naming) objects() {
	for _, i := range n.config.Interfaces {
		n.zones[i.Name] = i.Zone
	}
	for name, a := range n.config.Addresses {
		for _, values := range [][]tables.AddrValue{a.V4, a.V6} {
			if len(values) != 1 || !values[0].Prefix.IsSingleIP() {
				continue
			}
			addr := values[0].Prefix.Addr()
			if known, ok := n.hosts[addr]; !ok || name < known {
				n.hosts[addr] = name
			}
		}
	}
}

// zone is the zone of an interface, or its name; "FW" for this host.
func (n *naming) zone(name string) string {
	if name == "" {
		return "FW"
	}
	if zone, ok := n.zones[name]; ok {
		return zone
	}
	return name
}
