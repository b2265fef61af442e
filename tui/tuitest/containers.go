package tuitest

import (
	"context"
	"net/netip"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Containers are two containers, one of which a row publishes.
func (s *Site) Containers(ctx context.Context) (engine.ContainerView, error) {
	if err := s.enter("Containers"); err != nil {
		return engine.ContainerView{}, err
	}
	hooks, err := s.Hooks(ctx)
	if err != nil {
		return engine.ContainerView{}, err
	}
	at := func(host uint16) netip.AddrPort { return netip.AddrPortFrom(netip.IPv4Unspecified(), host) }
	network := func(addr string) []engine.ContainerNetwork {
		return []engine.ContainerNetwork{{Name: "bridge" + s.Taint, Bridge: "docker0", Zone: "DOCKER", V4: netip.MustParseAddr(addr)}}
	}
	return engine.ContainerView{
		At: s.Now(), Version: "20.10.24", Firewall: "iptables", Hooks: hooks,
		Containers: []engine.ContainerState{
			{Name: "minio" + s.Taint, State: "running", Networks: network("172.17.0.6"), Published: []engine.PublishedPort{
				{Host: at(9000), Proto: ruleset.TCP, Container: 9000, Exposure: engine.Unreachable}}},
			{Name: "web" + s.Taint, State: "running", Networks: network("172.17.0.5"), Published: []engine.PublishedPort{
				{Host: at(8080), Proto: ruleset.TCP, Container: 80, Exposure: engine.Reachable,
					From: []engine.ReachableFrom{{Zone: "ext", By: "virtuals:2", Src: "any"}}}}},
		},
		Warnings: []string{"no row allows the published container port 9000/tcp minio" + s.Taint},
	}, nil
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
