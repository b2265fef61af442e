package engine

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/tables"
)

// resolveTimeout bounds the look-up of one host name of an address cell.
const resolveTimeout = 2 * time.Second

// resolver resolves the host names of address cells, each once: what a name
// resolved to is part of the compiled ruleset, and must not change between a
// preview and the apply.
type resolver struct {
	mu    sync.Mutex
	known map[string][]netip.Addr
}

// resolve returns the addresses of each name; a name that does not resolve is
// left out. It asks the system's resolver for the names it does not know yet.
func (r *resolver) resolve(names []string) map[string][]netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = make(map[string][]netip.Addr)
	}
	found := make(map[string][]netip.Addr, len(names))
	for _, name := range names {
		if _, ok := r.known[name]; !ok {
			r.known[name] = lookUp(name)
		}
		if addrs := r.known[name]; len(addrs) > 0 {
			found[name] = addrs
		}
	}
	return found
}

// forget drops what is known, so that the next resolve asks again.
func (r *resolver) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = nil
}

func lookUp(name string) []netip.Addr {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil
	}
	for i, a := range addrs {
		addrs[i] = a.Unmap().WithZone("")
	}
	return addrs
}

// hostNames lists the host names in the address cells of cfg.
func hostNames(cfg *tables.Config) []string {
	var names []string
	for _, a := range cfg.Addresses {
		for _, values := range [][]tables.AddrValue{a.V4, a.V6} {
			for _, v := range values {
				if v.Host != "" {
					names = append(names, v.Host)
				}
			}
		}
	}
	return names
}

// countryCodes lists the countries that the rules of cfg name.
func countryCodes(cfg *tables.Config) []string {
	var codes []string
	for _, r := range cfg.Rules {
		codes = append(codes, r.Src.Geo...)
	}
	return codes
}

// servicePorts knows the ports of service names. The console checks on every
// key, so /etc/services is read once.
type servicePorts struct {
	once sync.Once
	find func(name, proto string) (uint16, bool)
}

func (s *servicePorts) look(name, proto string) (uint16, bool) {
	s.once.Do(func() {
		list, err := os.ReadFile("/etc/services")
		if err != nil {
			list = nil // the built-in names are still known
		}
		s.find = tables.ServiceNames(string(list))
	})
	return s.find(name, proto)
}

// checkFacts are the facts for a check: interfaces that exist, service names,
// and country codes that have data.
func (e *Engine) checkFacts() tables.Facts {
	var facts tables.Facts
	// Not knowing the interfaces leaves out the warnings about them.
	facts.Interfaces, _, _ = e.kernel.Links(context.Background())
	facts.Services = e.ports.look
	facts.Countries = func(code string) bool {
		all, err := e.geo.load()
		return err == nil && len(all[code]) > 0
	}
	return facts
}

// compileFacts are the facts for the compiler, apart from the hooks: bridges,
// country networks and host names. Finding them needs no privilege.
func (e *Engine) compileFacts(cfg *tables.Config) (compile.Facts, error) {
	_, bridges, err := e.kernel.Links(context.Background())
	if err != nil {
		return compile.Facts{}, err
	}
	facts := compile.Facts{Bridges: bridges, Hosts: e.hosts.resolve(hostNames(cfg))}
	codes := countryCodes(cfg)
	if len(codes) == 0 {
		return facts, nil
	}
	all, err := e.geo.load()
	if err != nil {
		return facts, err
	}
	facts.Countries = make(map[string][]netip.Prefix, len(codes))
	for _, c := range codes {
		facts.Countries[c] = all[c]
	}
	return facts, nil
}
