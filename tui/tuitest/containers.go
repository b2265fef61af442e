package tuitest

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Containers are those of the sample; none where there is no Docker.
func (s *Site) Containers(ctx context.Context) (engine.ContainerView, error) {
	if err := s.enter("Containers"); err != nil {
		return engine.ContainerView{}, err
	}
	hooks, err := s.Hooks(ctx)
	if err != nil {
		return engine.ContainerView{}, err
	}
	view := engine.ContainerView{
		At: s.Now(), Version: "20.10.24", Firewall: "iptables", Hooks: hooks, Containers: sampleContainers(s.Taint),
		Warnings: []string{
			"every address reaches the published container port 5432/tcp db" + s.Taint,
			"no row allows the published container port 9000/tcp minio" + s.Taint,
		},
	}
	if s.NoDocker {
		view = engine.ContainerView{At: s.Now(), Absent: "no Docker engine: there is no socket /var/run/docker.sock" + s.Taint, Hooks: hooks}
	}
	return view, nil
}

// sampleContainers are some of each exposure, in two networks of which one is in
// no zone, one that shares the network of the host, and one that does not run.
func sampleContainers(taint string) []engine.ContainerState {
	addr := netip.MustParseAddr
	bridge := func(v4 string) engine.ContainerNetwork {
		return engine.ContainerNetwork{Name: "bridge" + taint, Bridge: "docker0", Zone: "DOCKER", V4: addr(v4)}
	}
	inner := engine.ContainerNetwork{Name: "inner" + taint, Bridge: "br-7f3c", V4: addr("172.18.0.5"), V6: addr("fd00:18::5")}
	port := func(host string, own uint16, e engine.Exposure, from ...engine.ReachableFrom) engine.PublishedPort {
		at := netip.MustParseAddrPort(host)
		p := engine.PublishedPort{Host: at, Proto: ruleset.TCP, Container: own, Exposure: e, From: from}
		if e != engine.HostOnly && at.Addr().Is4() {
			p.Sample = ruleset.Packet{Src: addr("192.0.2.1"), SrcPort: 40000, Dst: addr("198.51.100.4"), DstPort: at.Port(), Proto: ruleset.TCP, State: ruleset.StateNew}
		}
		return p
	}
	byRow := engine.ReachableFrom{Zone: "ext", By: "virtuals:3", Src: "any"}
	direct := byRow
	direct.Direct = true
	list := []engine.ContainerState{
		{Name: "backup", State: "exited"},
		{Name: "db", State: "running", Networks: []engine.ContainerNetwork{inner},
			Published: []engine.PublishedPort{port("0.0.0.0:5432", 5432, engine.Unfiltered, engine.ReachableFrom{Zone: "any", Src: "any"})}},
		{Name: "metrics", State: "running", Networks: []engine.ContainerNetwork{bridge("172.17.0.7")},
			Published: []engine.PublishedPort{port("127.0.0.1:9100", 9100, engine.HostOnly)}},
		{Name: "minio", State: "running", Networks: []engine.ContainerNetwork{bridge("172.17.0.6")},
			Published: []engine.PublishedPort{port("0.0.0.0:9000", 9000, engine.Unreachable)}},
		{Name: "vpn", State: "running", Mode: "host"},
		{Name: "web", State: "running", Networks: []engine.ContainerNetwork{bridge("172.17.0.5"), inner},
			Published: []engine.PublishedPort{port("0.0.0.0:8080", 80, engine.Reachable, byRow, direct), port("[::]:8080", 80, engine.Reachable, byRow)}},
	}
	for i := range list {
		list[i].ID, list[i].Name = strings.Repeat(fmt.Sprintf("%x", i+10), 64), list[i].Name+taint
	}
	return list
}

// Hooks are the hooks of the sample, and what HookWrong says is wrong with the
// first.
func (s *Site) Hooks(context.Context) ([]engine.HookPlace, error) {
	if err := s.enter("Hooks"); err != nil {
		return nil, err
	}
	var list []engine.HookPlace
	for _, h := range sampleHooks() {
		list = append(list, engine.HookPlace{Hook: h})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list[0].Why = s.HookWrong
	return list, nil
}

// RepairHooks puts right what HookWrong says.
func (s *Site) RepairHooks(context.Context) ([]engine.HookPlace, error) {
	if err := s.enter("RepairHooks"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.HookWrong == "" {
		return nil, nil
	}
	wrong := []engine.HookPlace{{Hook: sampleHooks()[0], Why: s.HookWrong}}
	s.HookWrong = ""
	s.changed("repair hooks")
	return wrong, nil
}
