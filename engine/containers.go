package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/docker"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// ContainerTeller is what knows the containers of this host.
type ContainerTeller interface {
	// Containers are the containers as the engine knows them, with what the
	// live rules let reach them. A host without Docker is no error: the view
	// says so.
	Containers(ctx context.Context) (ContainerView, error)
}

// ContainerView is what Docker runs at one moment. Every name in it is text of
// somebody else.
type ContainerView struct {
	At time.Time
	// Absent says in one line why there is nothing to see; empty when the
	// engine answers.
	Absent string
	// Version is the engine's, Firewall what it writes its rules with:
	// "iptables" or "nftables".
	Version, Firewall string
	Containers        []ContainerState
	Hooks             []HookPlace
	// Warnings are for the list of what wants attention, worst first; the
	// hooks speak for themselves.
	Warnings []string
}

// WantsAttention reports whether there is something to do. That the engine writes
// nftables is worth a warning, and is as somebody wanted it.
func (v *ContainerView) WantsAttention() bool {
	return slices.ContainsFunc(v.Hooks, func(h HookPlace) bool { return h.Why != "" }) ||
		slices.ContainsFunc(v.Warnings, func(w string) bool { return w != nativeEngine })
}

// ContainerState is a container with its way through the firewall.
type ContainerState struct {
	ID, Name, State string
	// Mode is set for a container without networks of its own: "host",
	// "none" or "container:…".
	Mode      string
	Networks  []ContainerNetwork
	Published []PublishedPort
}

// ContainerNetwork is a container's place in a network. Zone is empty when the
// bridge is in no zone, and Bridge when the rules of this host do not see the
// network at all.
type ContainerNetwork struct {
	Name, Bridge, Zone string
	V4, V6             netip.Addr
}

// dockerFeed follows the engine from the first look on.
type dockerFeed struct {
	mu     sync.Mutex
	feed   <-chan docker.State
	newest docker.State
}

// firstLook is how long the first look waits for the engine. A later one never
// waits.
const firstLook = 3 * time.Second

// errNoAnswerYet says that the engine takes its time.
var errNoAnswerYet = errors.New("the Docker engine has not answered yet")

// read is the newest state of the engine.
func (f *dockerFeed) read(ctx context.Context, dockerHost string) docker.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.feed == nil {
		socket, err := docker.Socket(dockerHost)
		if err != nil {
			return docker.State{Err: err}
		}
		// The follower lives as long as the process: engines come and go.
		f.feed = docker.Follow(context.WithoutCancel(ctx), socket)
		f.newest = docker.State{Err: errNoAnswerYet}
		select {
		case f.newest = <-f.feed:
		case <-time.After(firstLook):
		case <-ctx.Done():
		}
		return f.newest
	}
	select {
	case f.newest = <-f.feed:
	default:
	}
	return f.newest
}

// Containers are the containers of this host.
func (e *Engine) Containers(ctx context.Context) (ContainerView, error) {
	live, err := e.kernel.Read(ctx)
	if err != nil {
		return ContainerView{}, fmt.Errorf("read the live ruleset: %w", err)
	}
	v := ContainerView{At: time.Now()}
	if v.Hooks, err = e.hooksIn(live); err != nil {
		v.Warnings = append(v.Warnings, "whether our hooks are right is not known: "+err.Error())
	}
	known := e.docker.read(ctx, e.cfg.DockerHost)
	if known.Err != nil {
		v.Absent = known.Err.Error()
	} else {
		v.Version, v.Firewall = known.Snapshot.Version, known.Snapshot.Firewall
		if v.Containers, err = e.containerStates(&known.Snapshot, live); err != nil {
			return v, err
		}
	}
	v.Warnings = append(v.Warnings, v.warnings(&known.Snapshot, e.naming())...)
	return v, nil
}

func (e *Engine) containerStates(snap *docker.Snapshot, live *ruleset.Ruleset) ([]ContainerState, error) {
	names := e.naming()
	judge, err := e.exposure.judge(live, snap, names)
	if err != nil {
		return nil, err
	}
	list := make([]ContainerState, 0, len(snap.Containers))
	for i := range snap.Containers {
		c := &snap.Containers[i]
		one := ContainerState{ID: c.ID, Name: c.Name, State: c.State, Published: judge.published(c)}
		if mode, _, _ := strings.Cut(c.Mode, ":"); mode == "host" || mode == "none" || mode == "container" {
			one.Mode = c.Mode
		}
		for j := range c.Endpoints {
			p := &c.Endpoints[j]
			one.Networks = append(one.Networks, ContainerNetwork{
				Name: p.Name, Bridge: p.Bridge, Zone: names.zoneOf(p.Bridge), V4: p.V4, V6: p.V6,
			})
		}
		list = append(list, one)
	}
	return list, nil
}

// zoneOf is the zone of an interface, by its name or by a row for all that
// start alike; empty for none.
func (n *naming) zoneOf(iface string) string {
	if n.config == nil || iface == "" {
		return ""
	}
	at := slices.IndexFunc(n.config.Interfaces, func(i tables.Interface) bool {
		prefix, wild := strings.CutSuffix(i.Name, "+")
		return i.Name == iface || wild && strings.HasPrefix(iface, prefix)
	})
	if at < 0 {
		return ""
	}
	return n.config.Interfaces[at].Zone
}

// warnings are what somebody should look at, worst first.
func (v *ContainerView) warnings(snap *docker.Snapshot, names *naming) []string {
	var list []string
	if v.Firewall == "nftables" {
		list = append(list, nativeEngine)
	}
	list = append(list, v.exposureWarnings(Unfiltered, "every address reaches %s")...)
	list = append(list, v.exposureWarnings(Unreachable, "no row allows %s")...)
	for _, n := range snap.Networks {
		if n.Bridge != "" && names.config != nil && names.zoneOf(n.Bridge) == "" && v.uses(n.Name) {
			list = append(list, fmt.Sprintf("interfaces: the bridge %s of the network %s is in no zone", n.Bridge, n.Name))
		}
	}
	return list
}

// uses reports whether a container is in a network.
func (v *ContainerView) uses(network string) bool {
	return slices.ContainsFunc(v.Containers, func(c ContainerState) bool {
		return slices.ContainsFunc(c.Networks, func(n ContainerNetwork) bool { return n.Name == network })
	})
}

// exposureWarnings is one line about all published ports that are exposed in a
// way, each named once for both families.
func (v *ContainerView) exposureWarnings(e Exposure, format string) []string {
	var ports []string
	for i := range v.Containers {
		c := &v.Containers[i]
		for j := range c.Published {
			p := &c.Published[j]
			name := fmt.Sprintf("%d/%s %s", p.Host.Port(), protoWord(p.Proto), c.Name)
			if p.Exposure == e && !slices.Contains(ports, name) {
				ports = append(ports, name)
			}
		}
	}
	if len(ports) == 0 {
		return nil
	}
	what := "the published container port " + ports[0]
	if len(ports) > 1 {
		what = fmt.Sprintf("%d published container ports: %s", len(ports), strings.Join(ports, ", "))
	}
	return []string{fmt.Sprintf(format, what)}
}
