package host

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// The chain FORWARD as each generation of Docker's engine writes it.
var forwards = []struct {
	name, rules, want string
}{
	{"no Docker", "", ruleset.Forward},
	{"an engine before 17.06", `
-A FORWARD -j DOCKER-ISOLATION
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT`, ruleset.Forward},
	{"17.06 to 27", `
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT`, ruleset.DockerUser},
	{"28.0.0", `
-A FORWARD -j DOCKER-USER
-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER
-A FORWARD -i docker0 -j ACCEPT`, ruleset.DockerUser},
	{"28.0.1 to 29, iptables", `
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD`, ruleset.DockerUser},
	{"29, nftables: a policy that an older engine left", ``, ruleset.Forward},
	{"our hook and a foreign rule first", `
-A FORWARD -m comment --comment mfw:hook -j MFWFORWARD
-A FORWARD -i wg0 -j ACCEPT
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD`, ruleset.DockerUser},
	{"DOCKER-USER behind Docker's own chain", `
-A FORWARD -j DOCKER-FORWARD
-A FORWARD -j DOCKER-USER`, ruleset.Forward},
	{"DOCKER-USER for one interface only", `
-A FORWARD -i eth0 -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD`, ruleset.Forward},
	{"DOCKER-USER for new connections only", `
-A FORWARD -m conntrack --ctstate NEW -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD`, ruleset.Forward},
	{"DOCKER-USER that nobody jumps to", `
-A FORWARD -j ACCEPT`, ruleset.Forward},
}

func TestOurForwardChainIsHookedInFrontOfDocker(t *testing.T) {
	for _, f := range forwards {
		t.Run(f.name, func(t *testing.T) {
			tables := forwardTables(t, f.rules)
			if got := ruleset.ForwardHook(tables.Chain(ruleset.Filter, ruleset.Forward)); got != f.want {
				t.Errorf("hook in %s, want %s", got, f.want)
			}
			// The listing of the one chain must lead to the same answer.
			lines := strings.Split("-P FORWARD ACCEPT\n"+strings.TrimSpace(f.rules), "\n")
			c, err := parseListing(ruleset.V4, ruleset.Forward, lines)
			if err != nil {
				t.Fatal(err)
			}
			if got := ruleset.ForwardHook(c); got != f.want || c.Policy != "ACCEPT" {
				t.Errorf("from the listing: hook in %s with policy %s, want %s", got, c.Policy, f.want)
			}
		})
	}
	if got := ruleset.ForwardHook(nil); got != ruleset.Forward {
		t.Errorf("without tables: hook in %s", got)
	}
}

func forwardTables(t *testing.T, rules string) ruleset.Tables {
	t.Helper()
	chains := ":FORWARD ACCEPT [0:0]\n"
	for _, c := range []string{"MFWFORWARD", "DOCKER", "DOCKER-USER", "DOCKER-FORWARD", "DOCKER-ISOLATION", "DOCKER-ISOLATION-STAGE-1"} {
		chains += ":" + c + " - [0:0]\n"
	}
	ts, err := ruleset.ParseTables(ruleset.V4, []byte("*filter\n"+chains+strings.TrimSpace(rules)+"\nCOMMIT\n"))
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

const dockerRules = "*filter\n:DOCKER-USER - [0:0]\n:DOCKER-FORWARD - [0:0]\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\nCOMMIT\n"

func TestProbeFindsWhatTheNamespaceHas(t *testing.T) {
	for _, b := range []Backend{NFT, Legacy} {
		t.Run(string(b), func(t *testing.T) {
			enterNamespace(t)
			for _, l := range []netlink.Link{
				&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth7"}, PeerName: "peer7"},
				&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "docker0"}},
			} {
				if err := netlink.LinkAdd(l); err != nil {
					t.Fatal(err)
				}
			}
			k := NewReal(Options{Backend: b})
			if err := k.Restore(t.Context(), ruleset.V4, dockerRules); err != nil {
				t.Fatal(err)
			}
			c, err := k.Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if c.Backend != b || !strings.HasPrefix(c.Version, "1.") {
				t.Errorf("back end %s version %q", c.Backend, c.Version)
			}
			if !slices.Contains(c.Interfaces, "lo") || !slices.Contains(c.Interfaces, "eth7") || slices.Contains(c.Interfaces, "eth0") {
				t.Errorf("interfaces %q, want those of the namespace", c.Interfaces)
			}
			if !slices.Equal(c.Bridges, []string{"docker0"}) {
				t.Errorf("bridges %q, want docker0", c.Bridges)
			}
			if c.ForwardHook4 != ruleset.DockerUser || c.ForwardHook6 != ruleset.Forward {
				t.Errorf("hooks %s and %s, want DOCKER-USER and FORWARD", c.ForwardHook4, c.ForwardHook6)
			}
			if !c.IPv6 || !c.DeadMan || len(c.Missing) > 0 {
				t.Errorf("IPv6 %v, dead man %v, missing %q", c.IPv6, c.DeadMan, c.Missing)
			}
		})
	}
}

func TestProbeChangesNothing(t *testing.T) {
	enterNamespace(t)
	k := NewReal(Options{})
	before, err := k.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := k.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if describe(before) != describe(after) || len(after.V4)+len(after.V6)+len(after.Sets) > 0 {
		t.Errorf("after the probe:\n%s", describe(after))
	}
}

func TestWhatTheKernelLacksIsNamed(t *testing.T) {
	noList := "ipset v7.17: Kernel error received: set type not supported"
	noMatch := "line 3: RULE_APPEND failed (No such file or directory): rule in chain mfwp"
	k := scripted(t,
		step{line: "ipset restore", status: 1, stderr: noList}, // everything
		step{line: "ipset restore"},                            // hash:net
		step{line: "ipset restore", status: 1, stderr: noList},
		step{line: load4, status: 4, stderr: noMatch}, // xt_set
		step{line: load6},
		step{line: load4}, // xt_connmark
		step{line: load6},
		step{line: load4}, // xt_CONNMARK
		step{line: load6},
	)
	got := k.tryAll(t.Context(), k.found)
	if want := []string{"ipset list:set with timeout", "xt_set"}; !slices.Equal(got, want) {
		t.Errorf("missing %q, want %q", got, want)
	}
}

// A lock that somebody holds says nothing about the kernel.
func TestABusyToolIsNotAMissingPiece(t *testing.T) {
	k := scripted(t,
		step{line: "ipset restore", status: 4, stderr: locked},
		step{line: "ipset restore", status: 4, stderr: locked},
		step{line: "ipset restore", status: 4, stderr: locked},
		step{line: load4}, step{line: load6},
		step{line: load4}, step{line: load6},
		step{line: load4}, step{line: load6},
	)
	if got := k.tryAll(t.Context(), k.found); got != nil {
		t.Errorf("missing %q, want nothing", got)
	}
}

// The gate of a trial, as the kernel of this machine keeps it.
func TestATimedGateClosesByItself(t *testing.T) {
	enterNamespace(t)
	k := NewReal(Options{})
	const sets = "create mfw_all4 hash:net family inet\nadd mfw_all4 0.0.0.0/1\nadd mfw_all4 128.0.0.0/1\n" +
		"create mfw_trial list:set timeout 1\ncreate mfw_trial_next list:set timeout 1\n"
	must(t, k.RestoreSets(t.Context(), sets))
	// A slow machine may see it closed already.
	open := 0
	for seconds := 1; open == 0 && seconds < 100; seconds *= 3 {
		text := fmt.Sprintf("add mfw_trial_next mfw_all4 timeout %d -exist\nswap mfw_trial mfw_trial_next\n", seconds)
		must(t, k.RestoreSets(t.Context(), text))
		open = members(t, k)
	}
	if open != 1 {
		t.Fatalf("the open gate has %d members, want 1", open)
	}
	for end := time.Now().Add(2 * time.Minute); members(t, k) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the gate is still open")
		}
	}
}

func members(t *testing.T, k Kernel) int {
	t.Helper()
	sets, err := k.ReadSets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(sets["mfw_trial"].Members)
}
