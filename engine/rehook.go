package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// HookKeeper is what keeps our hooks where they work.
type HookKeeper interface {
	// Hooks says where our hooks belong now and whether they are right.
	Hooks(ctx context.Context) ([]HookPlace, error)
	// RepairHooks moves the hooks that are not right, and nothing else, and
	// returns what was wrong. While a transaction is pending it refuses: the
	// end of that puts the hooks right.
	RepairHooks(ctx context.Context) ([]HookPlace, error)
}

// HookPlace is a hook of the confirmed rules.
type HookPlace struct {
	ruleset.Hook
	// Why says what is wrong with it; empty when it does its work.
	Why string
}

// String is the hook and what is wrong with it, in one line.
func (h HookPlace) String() string {
	text := fmt.Sprintf("the %s hook from %s %s to %s", h.Family, h.Table, h.From, h.To)
	if h.Why == "" {
		return text + " is right"
	}
	return text + " " + h.Why
}

// Hooks says where our hooks belong now; none before the first apply.
func (e *Engine) Hooks(ctx context.Context) ([]HookPlace, error) {
	live, err := e.kernel.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the live ruleset: %w", err)
	}
	return e.hooksIn(live)
}

func (e *Engine) hooksIn(live *ruleset.Ruleset) ([]HookPlace, error) {
	gen, ok := apply.Current(e.paths)
	if !ok {
		return nil, nil
	}
	want, err := gen.Target()
	if err != nil {
		return nil, err
	}
	return hookPlaces(plan.HooksIn(live, want), plan.CompareHooks(live, want, gen.Own)), nil
}

// hookPlaces are the wanted hooks, and behind them those that stand where they
// should not.
func hookPlaces(hooks []ruleset.Hook, wrong []plan.HookDiff) []HookPlace {
	var list []HookPlace
	for _, h := range hooks {
		one := HookPlace{Hook: h}
		if i := slices.IndexFunc(wrong, func(d plan.HookDiff) bool { return d.Hook == h }); i >= 0 {
			one.Why = wrong[i].Why
		}
		list = append(list, one)
	}
	for _, d := range wrong {
		if !slices.Contains(hooks, d.Hook) {
			list = append(list, HookPlace{d.Hook, d.Why})
		}
	}
	return list
}

// RepairHooks moves the hooks that are not right.
func (e *Engine) RepairHooks(ctx context.Context) ([]HookPlace, error) {
	wrong, err := apply.Rehook(ctx, e.kernel, e.paths)
	return hookPlaces(nil, wrong), err
}

// futureHooks are the chains that a generation records for the hooks of our
// forward chain. Tables with a zone for containers on a host where the engine has
// made no chains yet record the chain that it will make, so that the next boot
// has it ready for the engine; plan finds out where the hooks can stand now.
func futureHooks(live *ruleset.Ruleset, cfg *tables.Config) (v4, v6 string) {
	if noEngineYet(live, cfg) {
		return ruleset.DockerUser, ruleset.DockerUser
	}
	return ruleset.ForwardHook(live.V4.Chain(ruleset.Filter, ruleset.Forward)),
		ruleset.ForwardHook(live.V6.Chain(ruleset.Filter, ruleset.Forward))
}

// engineToCome warns about an engine that will put its rules ahead of ours.
const engineToCome = "there is a zone for containers, but Docker's engine has made no chains yet: when it starts, the hook in FORWARD is behind them"

// nativeEngine is what it means that the engine writes nftables.
const nativeEngine = "Docker writes nftables rules of its own, beside which ours stand: an accept of ours is not final, what Docker drops stays dropped"

// nativeDocker reports whether the engine writes nftables, where it leaves no
// chain to hook into.
func nativeDocker(live *ruleset.Ruleset) bool { return len(live.Beside4)+len(live.Beside6) > 0 }

// noEngineYet reports whether the tables have a zone for containers while our
// hook stands where an engine that starts puts its own rules ahead.
func noEngineYet(live *ruleset.Ruleset, cfg *tables.Config) bool {
	if cfg == nil || !slices.Contains(cfg.Zones(), tables.Docker) {
		return false
	}
	if nativeDocker(live) {
		return false
	}
	for _, name := range []string{"DOCKER", ruleset.DockerUser} {
		if live.V4.Chain(ruleset.Filter, name) != nil {
			return false
		}
	}
	return true
}
