package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// twoGenerations stores two confirmed generations and gives what they want.
func twoGenerations(t *testing.T) (paths Paths, previous, current plan.Target) {
	t.Helper()
	paths = Paths{State: t.TempDir(), Run: t.TempDir()}
	s := store{paths.State}
	previous, current = letting(22), letting(22, 80)
	for i, want := range []plan.Target{previous, current} {
		id := put(t, s, int64(i+1), want)
		if err := s.promote(id); err != nil {
			t.Fatal(err)
		}
	}
	return paths, previous, current
}

// flip changes one byte of a file of a generation.
func flip(t *testing.T, paths Paths, link, file string) {
	t.Helper()
	name := filepath.Join(paths.State, link, file)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// F70, F71, F72, C.6: something always loads, and it never is "no rules".
func TestBoot(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, paths Paths)
		text   string
		err    string
		want   func(previous, current, lock plan.Target) plan.Target
	}{
		{
			"whole", func(*testing.T, Paths) {},
			"loaded the confirmed generation", "<nil>",
			func(_, current, _ plan.Target) plan.Target { return current },
		},
		{
			"current damaged", func(t *testing.T, paths Paths) { flip(t, paths, currentLink, rulesFile4) },
			"loaded the previous generation", "boot: the confirmed generation: generation CURRENT was changed on disk (v4.rules)",
			func(previous, _, _ plan.Target) plan.Target { return previous },
		},
		{
			"current gone", func(t *testing.T, paths Paths) { os.Remove(filepath.Join(paths.State, currentLink)) },
			"loaded the previous generation", "boot: the confirmed generation: there is none",
			func(previous, _, _ plan.Target) plan.Target { return previous },
		},
		{
			"both damaged", func(t *testing.T, paths Paths) {
				flip(t, paths, currentLink, metaFile)
				flip(t, paths, previousLink, rulesFile6)
			},
			"loaded the lock-down rules", "boot: the confirmed generation: generation CURRENT was changed on disk (meta.json)\n" +
				"boot: the previous generation: generation PREVIOUS was changed on disk (v6.rules)",
			func(_, _, lock plan.Target) plan.Target { return lock },
		},
		{
			"IPv6 does not load", func(*testing.T, Paths) {},
			"loaded the IPv4 rules of the confirmed generation and the IPv6 lock-down", "boot: the confirmed generation: ip6tables-restore: injected fault",
			func(_, current, lock plan.Target) plan.Target { return mix(current, lock, ruleset.V4) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			paths, previous, current := twoGenerations(t)
			s := store{paths.State}
			wantErr := strings.NewReplacer("CURRENT", s.linked(currentLink), "PREVIOUS", s.linked(previousLink)).Replace(c.err)
			c.damage(t, paths)
			k := &failingV6{Fake: host.NewFake(), failed: !strings.HasSuffix(c.err, "injected fault")}
			text, err := Boot(t.Context(), k, paths)
			if !strings.HasPrefix(text, c.text) {
				t.Errorf("text %q, want %q", text, c.text)
			}
			if got := fmt.Sprint(err); got != wantErr {
				t.Errorf("error %q, want %q", got, wantErr)
			}
			want := c.want(previous, current, lockdown([]uint16{22}))
			live, err := k.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if d := plan.Compare(live, want, plan.Owned(want.Rules)); !d.Empty() {
				t.Errorf("loaded something else:\n%s", d.Unified())
			}
		})
	}
}

// failingV6 is a kernel that loads no IPv6 rules the first time.
type failingV6 struct {
	*host.Fake
	failed bool
}

func (k *failingV6) RestoreBoth(ctx context.Context, v4, v6 string) error {
	if k.failed || v6 == "" {
		return k.Fake.RestoreBoth(ctx, v4, v6)
	}
	k.failed = true
	return errors.Join(k.Fake.RestoreBoth(ctx, v4, ""), errors.New("ip6tables-restore: injected fault"))
}

func TestBootWithoutAnythingConfirmed(t *testing.T) {
	paths := Paths{State: t.TempDir(), Run: t.TempDir()}
	put(t, store{paths.State}, 1, letting(22))
	k := host.NewFake()
	before := k.Dump()
	text, err := Boot(t.Context(), k, paths)
	if err != nil || text != "no generation was ever confirmed: nothing to load" {
		t.Errorf("boot: %q, %v", text, err)
	}
	if got := k.Dump(); got != before {
		t.Errorf("the kernel changed:\n%s", got)
	}
}

// The lock-down lets SSH in on every port that an administrator used, and
// what keeps a host reachable; nothing else. Both families.
func TestLockdown(t *testing.T) {
	rules := lockdown([]uint16{22, 2222})
	for _, f := range ruleset.Families() {
		text, err := rules.Rules.RestoreText(f)
		if err != nil {
			t.Fatal(err)
		}
		icmp, dhcp := "icmp", "--sport 67 --dport 68"
		if f == ruleset.V6 {
			icmp, dhcp = "ipv6-icmp", "--sport 547 --dport 546"
		}
		want := strings.ReplaceAll(strings.ReplaceAll(`*filter
:MFWINPUT - [0:0]
:MFWFORWARD - [0:0]
-A MFWINPUT -i lo -m comment --comment "mfw:lo" -j ACCEPT
-A MFWINPUT -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT
-A MFWINPUT -p ICMP -m comment --comment "mfw:icmp" -j ACCEPT
-A MFWINPUT -p udp -m udp DHCP -m comment --comment "mfw:dhcp" -j ACCEPT
-A MFWINPUT -p tcp -m tcp --dport 22 -m comment --comment "mfw:ssh" -j ACCEPT
-A MFWINPUT -p tcp -m tcp --dport 2222 -m comment --comment "mfw:ssh" -j ACCEPT
-A MFWINPUT -m comment --comment "mfw:lockdown" -j DROP
-A MFWFORWARD -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "mfw:established" -j ACCEPT
-A MFWFORWARD -m comment --comment "mfw:lockdown" -j DROP
COMMIT
`, "ICMP", icmp), "DHCP", dhcp)
		if text != want {
			t.Errorf("%s:\n%s\nwant:\n%s", f, text, want)
		}
	}
}

func TestTeardownLeavesOthersAlone(t *testing.T) {
	paths, _, current := twoGenerations(t)
	k := host.NewFake()
	foreign := "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:theirs - [0:0]\n-A INPUT -j theirs\n-A theirs -m set --match-set theirs src -j DROP\nCOMMIT\n"
	if err := k.Preload(foreign, "", "create theirs hash:net family inet\nadd theirs 192.0.2.0/24\n"); err != nil {
		t.Fatal(err)
	}
	before, err := k.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Boot(t.Context(), k, paths); err != nil {
		t.Fatal(err)
	}
	if err := Teardown(t.Context(), k, paths); err != nil {
		t.Fatal(err)
	}
	after, err := k.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var empty plan.Ownership
	if plan.Fingerprint(after, plan.Owned(current.Rules)) != plan.Fingerprint(before, empty) {
		t.Error("something of ours is left")
	}
	if c := after.V4.Chain("filter", "theirs"); c == nil || len(c.Rules) != 1 || after.Sets["theirs"] == nil {
		t.Errorf("something of theirs is gone:\n%s", k.Dump())
	}
}

// F19, F23: after a reboot in a trial nothing counts but the confirmed rules.
func TestRebootInATrial(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, _, s := trialOver(b)
		b.killGuardians()
		// A kernel and a run directory that remember nothing.
		b.iptables("-F")
		b.iptables("-X")
		b.run("ip6tables-"+string(b.backend), "-F")
		b.run("ip6tables-"+string(b.backend), "-X")
		b.run("ipset", "destroy", ruleset.TrialSet)
		b.run("ipset", "destroy", ruleset.TrialNextSet)
		b.run("ipset", "destroy")
		j, _, err := readJournal(b.paths)
		if err != nil {
			t.Fatal(err)
		}
		j.BootID = "another"
		if err := writeJournal(b.paths, j); err != nil {
			t.Fatal(err)
		}
		if text, err := Boot(context.Background(), b.k, b.paths); err != nil || text != "loaded the confirmed generation" {
			t.Errorf("boot: %q, %v", text, err)
		}
		b.runs(first)
		if b.current() == s.ID {
			t.Error("what was not confirmed is current")
		}
	})
}
