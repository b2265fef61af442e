package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

func (a *app) dockerCommand() *cobra.Command {
	var follow bool
	cmd := rootOnly(a.jsonFlag(&cobra.Command{
		Use:   "docker",
		Short: "containers, and who reaches their published ports",
		Long: `docker prints the containers of this host with their networks, bridges, zones and
addresses, and for each published port who reaches it by which row of the rules that
run now: through the port of this host, straight to the container, and through
Docker's proxy. It also says whether our hooks stand in front of Docker's rules. It
asks the engine by reading calls only, at the socket that DOCKER_HOST names.

It ends with 1 when something wants attention. With --follow it looks every second,
prints all of it again whenever something changed, with --json each on one line, and
ends with 0 when it is told to end.`,
		Example: "  mfwtui docker\n  mfwtui docker --json\n  mfwtui docker --follow",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.docker(cmd, follow) },
	}))
	cmd.Flags().BoolVar(&follow, "follow", false, "print the containers again whenever something changes")
	return cmd
}

func (a *app) docker(cmd *cobra.Command, follow bool) error {
	e := a.engine()
	if err := a.recovered(cmd, e); err != nil {
		return err
	}
	if follow {
		return followChanges(a, cmd, func() (sight[string], error) { return a.dockerSight(cmd, e) })
	}
	view, err := e.Containers(cmd.Context())
	if err != nil {
		return err
	}
	err = a.printDocker(&view, a.json)
	if err == nil && view.WantsAttention() {
		err = exit(1)
	}
	return err
}

// printDocker prints a view, as JSON in one of two forms.
func (a *app) printDocker(v *engine.ContainerView, asJSON func(any) error) error {
	if a.asJSON {
		return asJSON(dockerJSONOf(v))
	}
	return a.containers(v)
}

// dockerSight is the view of now; views that differ in their time only are the
// same.
func (a *app) dockerSight(cmd *cobra.Command, e *engine.Engine) (sight[string], error) {
	view, err := e.Containers(cmd.Context())
	if err != nil {
		return sight[string]{}, err
	}
	known := dockerJSONOf(&view)
	known.At = time.Time{}
	key, err := json.Marshal(known)
	return sight[string]{string(key), func() error { return a.printDocker(&view, a.jsonLine) }}, err
}

// containers prints the view for people.
func (a *app) containers(v *engine.ContainerView) error {
	head := [][]string{{"engine", v.Absent}}
	if v.Absent == "" {
		head[0][1] = "Docker " + v.Version + ", writes " + v.Firewall
	}
	for _, h := range v.Hooks {
		// The others have nothing to do with Docker while they are right.
		if h.Why != "" || h.Table == ruleset.Filter && h.To == ruleset.RootForward {
			head = append(head, []string{"hook", h.String()})
		}
	}
	for _, w := range v.Warnings {
		head = append(head, []string{"warning", w})
	}
	if err := a.table(head); err != nil || len(v.Containers) == 0 {
		return err
	}
	fmt.Fprintln(a.out)
	rows := [][]string{{"CONTAINER", "STATE", "NETWORK", "BRIDGE", "ZONE", "ADDRESSES"}}
	ports := [][]string{{"CONTAINER", "PUBLISHED", "PORT", "REACH"}}
	for i := range v.Containers {
		c := &v.Containers[i]
		rows = append(rows, networkRows(c)...)
		for _, p := range c.Published {
			ports = append(ports, []string{c.Name, p.Host.String(), fmt.Sprintf("%d/%s", p.Container, protoName(p.Proto)), p.String()})
		}
	}
	if err := a.table(rows); err != nil || len(ports) == 1 {
		return err
	}
	fmt.Fprintln(a.out)
	return a.table(ports)
}

// networkRows is a line for each network of a container; of one without
// networks, one that says why.
func networkRows(c *engine.ContainerState) [][]string {
	if c.Mode != "" || len(c.Networks) == 0 {
		return [][]string{{c.Name, c.State, orDash(c.Mode), "-", "-", "-"}}
	}
	var rows [][]string
	for _, n := range c.Networks {
		var addrs []string
		for _, a := range []netip.Addr{n.V4, n.V6} {
			if a.IsValid() {
				addrs = append(addrs, a.String())
			}
		}
		rows = append(rows, []string{c.Name, c.State, n.Name, orDash(n.Bridge), orDash(n.Zone), orDash(strings.Join(addrs, " "))})
	}
	return rows
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// dockerJSON is what --json prints.
type dockerJSON struct {
	At         time.Time       `json:"at"`
	Absent     string          `json:"absent,omitempty"`
	Version    string          `json:"version,omitempty"`
	Firewall   string          `json:"firewall,omitempty"`
	Hooks      []hookPlaceJSON `json:"hooks"`
	Containers []containerJSON `json:"containers"`
	Warnings   []string        `json:"warnings"`
}

type hookPlaceJSON struct {
	Family string `json:"family"`
	Table  string `json:"table"`
	From   string `json:"from"`
	To     string `json:"to"`
	Right  bool   `json:"right"`
	Why    string `json:"why,omitempty"`
}

type containerJSON struct {
	ID        string                 `json:"id"`
	Name      string                 `json:"name"`
	State     string                 `json:"state"`
	Mode      string                 `json:"mode,omitempty"`
	Networks  []containerNetworkJSON `json:"networks"`
	Published []publishedJSON        `json:"published"`
}

type containerNetworkJSON struct {
	Name   string     `json:"name"`
	Bridge string     `json:"bridge,omitempty"`
	Zone   string     `json:"zone,omitempty"`
	V4     netip.Addr `json:"v4,omitzero"`
	V6     netip.Addr `json:"v6,omitzero"`
}

type publishedJSON struct {
	Host      netip.AddrPort      `json:"host"`
	Proto     string              `json:"proto"`
	Container uint16              `json:"port"`
	Exposure  string              `json:"exposure"`
	From      []reachableFromJSON `json:"from"`
	Verdict   string              `json:"verdict"`
}

type reachableFromJSON struct {
	Zone   string `json:"zone"`
	By     string `json:"by,omitempty"`
	Src    string `json:"src"`
	Direct bool   `json:"direct,omitempty"`
}

func dockerJSONOf(v *engine.ContainerView) dockerJSON {
	out := dockerJSON{
		At: v.At, Absent: v.Absent, Version: v.Version, Firewall: v.Firewall,
		Hooks: []hookPlaceJSON{}, Containers: []containerJSON{}, Warnings: append([]string{}, v.Warnings...),
	}
	for _, h := range v.Hooks {
		out.Hooks = append(out.Hooks, hookPlaceJSON{h.Family.String(), h.Table, h.From, h.To, h.Why == "", h.Why})
	}
	for i := range v.Containers {
		out.Containers = append(out.Containers, containerJSONOf(&v.Containers[i]))
	}
	return out
}

func containerJSONOf(c *engine.ContainerState) containerJSON {
	out := containerJSON{ID: c.ID, Name: c.Name, State: c.State, Mode: c.Mode, Networks: []containerNetworkJSON{}, Published: []publishedJSON{}}
	for _, n := range c.Networks {
		out.Networks = append(out.Networks, containerNetworkJSON(n))
	}
	for _, p := range c.Published {
		one := publishedJSON{p.Host, protoName(p.Proto), p.Container, string(p.Exposure), []reachableFromJSON{}, p.String()}
		for _, f := range p.From {
			one.From = append(one.From, reachableFromJSON(f))
		}
		out.Published = append(out.Published, one)
	}
	return out
}
