package page

import (
	"net/netip"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mfwtui/mfwtui/engine"
)

// flowContainersEvery is how often the containers are asked for: they come and go
// less often than flows.
const flowContainersEvery = 5 * time.Second

// containerNames is the asking for the names of containers.
type containerNames struct {
	ask Request
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
func (f *Flows) takeContainers(m ContainersMsg) {
	if !f.docker.ask.Done(m.N) || m.Err != nil {
		return
	}
	f.names.containers = containersByAddr(&m.Value)
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
