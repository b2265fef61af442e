package main

import (
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// oneContainer is a host with a container of which a row lets the world reach one
// port.
func oneContainer() *engine.ContainerView {
	byVirtual := engine.ReachableFrom{Zone: "ext", By: "virtuals:1", Src: "any"}
	direct := byVirtual
	direct.Direct = true
	return &engine.ContainerView{
		At: time.Date(2026, 11, 25, 20, 32, 54, 7e8, time.UTC), Version: "20.10.24+dfsg1", Firewall: "iptables",
		Hooks: []engine.HookPlace{{Hook: ruleset.Hook{Family: ruleset.V4, Table: ruleset.Filter, From: ruleset.DockerUser, To: ruleset.RootForward}}},
		Containers: []engine.ContainerState{{
			ID: "cd588f09931b0e6f5ac0b7a0f4f7b3d2a1c9e8d7b6a5f4e3d2c1b0a998877665", Name: "web", State: "running",
			Networks: []engine.ContainerNetwork{{Name: "bridge", Bridge: "docker0", Zone: "DOCKER", V4: netip.MustParseAddr("172.17.0.3")}},
			Published: []engine.PublishedPort{
				{Host: netip.MustParseAddrPort("0.0.0.0:8080"), Proto: ruleset.TCP, Container: 80, Exposure: engine.Reachable, From: []engine.ReachableFrom{byVirtual, direct}},
				{Host: netip.MustParseAddrPort("0.0.0.0:9090"), Proto: ruleset.TCP, Container: 90, Exposure: engine.Unreachable},
			},
		}},
		Warnings: []string{"no row allows the published container port 9090/tcp web"},
	}
}

func TestDockerAsJSONIsWhatTheReadmeShows(t *testing.T) {
	got, err := json.Marshal(dockerJSONOf(oneContainer()))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "`"+string(got)+"`") {
		t.Errorf("README does not show\n%s", got)
	}
}

func TestDockerWithoutAnEngineAsJSONSaysWhyAndHasEmptyLists(t *testing.T) {
	got, err := json.Marshal(dockerJSONOf(&engine.ContainerView{Absent: "no Docker engine"}))
	const want = `{"at":"0001-01-01T00:00:00Z","absent":"no Docker engine","hooks":[],"containers":[],"warnings":[]}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
}
