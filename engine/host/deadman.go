package host

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// trial is one thing that a timed gate needs, with the text that tries it.
type trial struct {
	what string
	sets string
	rule string // of a chain in table filter
}

func trials() []trial {
	return []trial{
		{what: "ipset hash:net", sets: "create -exist mfwp_net hash:net family inet\n"},
		{what: "ipset list:set with timeout", sets: "create -exist mfwp_list list:set timeout 60\n"},
		{what: "xt_set", rule: "-m set --match-set mfwp_list src -j RETURN"},
		{what: "xt_connmark", rule: "-m connmark --mark 0x1/0x1 -j RETURN"},
		{what: "xt_CONNMARK", rule: "-j CONNMARK --set-xmark 0x1/0x1"},
	}
}

// missing lists what the timed gate needs and this host does not have. It
// tries in a network namespace of its own, which goes away with its thread.
// Where that is not allowed nothing is known to be missing: the first real
// load will tell.
func (r *Real) missing(ctx context.Context, t *tools) []string {
	var missing []string
	for _, tool := range []string{"ipset", t.restore(ruleset.V4), t.restore(ruleset.V6)} {
		if _, err := findTool(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if len(missing) > 0 {
		return missing
	}
	err := inScratchNamespace(func() { missing = r.tryAll(ctx, t) })
	if err != nil {
		return nil
	}
	return missing
}

// tryAll loads everything at once, and one by one only if that fails.
func (r *Real) tryAll(ctx context.Context, t *tools) []string {
	if r.try(ctx, t, trials()...) == nil {
		return nil
	}
	var missing []string
	for _, tr := range trials() {
		// A lock that somebody holds says nothing about the kernel.
		if err := r.try(ctx, t, tr); err != nil && !IsBusy(err) && !IsTimeout(err) {
			missing = append(missing, tr.what)
		}
	}
	return missing
}

func (r *Real) try(ctx context.Context, t *tools, trials ...trial) error {
	var sets, rules strings.Builder
	for _, tr := range trials {
		sets.WriteString(tr.sets)
		if tr.rule != "" {
			fmt.Fprintf(&rules, "-A mfwp %s\n", tr.rule)
		}
	}
	if sets.Len() > 0 {
		if err := r.RestoreSets(ctx, sets.String()); err != nil {
			return err
		}
	}
	if rules.Len() == 0 {
		return nil
	}
	text := "*filter\n:mfwp - [0:0]\n" + rules.String() + "COMMIT\n"
	if !hasIPv6() {
		return r.startRestore(ctx, t, ruleset.V4, text, nil)()
	}
	wait4, wait6 := r.startRestore(ctx, t, ruleset.V4, text, nil), r.startRestore(ctx, t, ruleset.V6, text, nil)
	return errors.Join(wait4(), wait6())
}

// inScratchNamespace runs f on an OS thread in a new network namespace. The
// thread is never given back, so it ends with f, and the namespace with it. It
// needs CAP_SYS_ADMIN.
func inScratchNamespace(f func()) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			f()
		}
		done <- err
	}()
	return <-done
}
