package page

import (
	"net/netip"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/tui/desk"
	"github.com/mfwtui/mfwtui/tui/query"
)

// flowContainersEvery is how often the containers are asked for: they come and go
// less often than flows.
const flowContainersEvery = 5 * time.Second

// containerNames is the asking for the names of containers.
type containerNames struct {
	ask desk.Request
	at  time.Time
}

// askContainers asks for the containers when they were not asked for a while.
func (f *Flows) askContainers() tea.Cmd {
	if f.docker.ask.Busy() || f.refused || f.Now().Sub(f.docker.at) < flowContainersEvery {
		return nil
	}
	f.docker.at = f.Now()
	return f.Calls.Containers(&f.docker.ask)
}

// takeContainers takes the names of containers; without Docker there are none.
func (f *Flows) takeContainers(m desk.ContainersMsg) {
	if !f.docker.ask.Done(m.N) || m.Err != nil {
		return
	}
	f.nameContainers(&m.Value)
}

// nameContainers makes the list and its filter know the containers.
func (f *Flows) nameContainers(v *engine.ContainerView) {
	f.names.containers = containersByAddr(v)
	f.filter.names.Containers = make(map[string][]query.Span)
	for a, name := range f.names.containers {
		f.filter.names.Containers[name] = append(f.filter.names.Containers[name], query.AddrSpan(a))
	}
}

// containersByAddr are the names of containers by each of their addresses.
func containersByAddr(v *engine.ContainerView) map[netip.Addr]string {
	names := make(map[netip.Addr]string)
	for i := range v.Containers {
		for _, n := range v.Containers[i].Networks {
			for _, a := range []netip.Addr{n.V4, n.V6} {
				if a.IsValid() {
					names[a] = v.Containers[i].Name
				}
			}
		}
	}
	return names
}
