package apply

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// F50: somebody changes what is ours between preview and apply.
func TestChangeSinceThePreviewIsRefused(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first := letting(22)
		b.apply(first)
		req := b.request(letting(22, 80), time.Second)
		req.Fingerprint = plan.Fingerprint(b.live(), plan.Owned(first.Rules))
		b.iptables("-I", "MFWINPUT", "-p", "tcp", "--dport", "23", "-j", "ACCEPT")
		s, err := Start(t.Context(), b.k, b.paths, req)
		if !errors.Is(err, ErrChanged) || s.State != Failed {
			t.Errorf("start: %+v, %v", s, err)
		}
		b.idle()
		b.iptables("-D", "MFWINPUT", "-p", "tcp", "--dport", "23", "-j", "ACCEPT")
		b.runs(first)
	})
}

// F40: the name iptables leads to the other back end since the preview. Where
// nothing is loaded, nothing else would tell.
func TestBackEndThatChangedSinceThePreviewIsRefused(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		other := host.NFT
		if b.backend == host.NFT {
			other = host.Legacy
		}
		b.flags[0] = "--backend=" + string(other)
		s, err := Start(t.Context(), b.k, b.paths, b.request(letting(22), 10*time.Second))
		if want := fmt.Sprintf("iptables was %s when the preview was made, and is %s now", b.backend, other); err == nil || s.State != Failed || !strings.Contains(err.Error(), want) {
			t.Errorf("start: %+v, %v", s, err)
		}
		b.idle()
		for _, backend := range []host.Backend{host.NFT, host.Legacy} {
			b.k = host.NewReal(host.Options{Backend: backend})
			b.runs(plan.Target{})
		}
	})
}

// F51 to F54: somebody takes the trial apart. The old rules are back, whole.
func TestDisturbedTrialRollsBack(t *testing.T) {
	for name, disturb := range map[string]func(b *bed){
		"FlushedRuleset": (*bed).flushRuleset,
		"FlushedRules":   func(b *bed) { b.iptables("-F"); b.iptables("-F", "INPUT"); b.iptables("-X") },
		"FlushedSets":    func(b *bed) { b.run("ipset", "flush") },
		"LostHook":       func(b *bed) { b.iptables("-D", "INPUT", "1") },
	} {
		t.Run(name, func(t *testing.T) {
			onKernel(t, func(t *testing.T, b *bed) {
				first, _, s := trialOver(b)
				disturb(b)
				b.ended(s.ID, RolledBack, "somebody else")
				b.runs(first)
			})
		})
	}
}

// flushRuleset is nft flush ruleset, which firewalld's reload comes to as well:
// no rule and no chain is left in any table.
func (b *bed) flushRuleset() {
	b.t.Helper()
	for _, base := range []string{"iptables-", "ip6tables-"} {
		for _, table := range []string{"filter", "nat", "mangle"} {
			b.run(base+string(b.backend), "-t", table, "-F")
			b.run(base+string(b.backend), "-t", table, "-X")
		}
	}
}

// F62: a trial is in the kernel, open, and no journal tells of it, as when
// another tool has saved it and loads it at boot. What was confirmed boots.
func TestTrialThatAnotherToolLoadedIsRemovedAtBoot(t *testing.T) {
	onKernel(t, func(t *testing.T, b *bed) {
		first, _, s := trialOver(b)
		b.killGuardians()
		if err := os.RemoveAll(b.paths.Run); err != nil {
			t.Fatal(err)
		}
		if text, err := Boot(t.Context(), b.k, b.paths); err != nil || text != "loaded the confirmed generation" {
			t.Errorf("boot: %q, %v", text, err)
		}
		b.runs(first)
		if b.current() == s.ID {
			t.Error("what was not confirmed is current")
		}
	})
}
