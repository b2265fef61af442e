package host

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-iptables/iptables"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// lister is what we use of go-iptables: to ask for the version, and to look at
// one chain without reading all of them (3 ms instead of 13 with 1,000 rules
// loaded). Restore and save it does not have.
//
// What to know about v0.8.0: it has no context, and waits for the lock for ever
// unless Timeout is set; it prepares nothing for the program, which inherits
// our whole environment; it knows whether the program is nft or legacy, but
// does not tell; Stats splits a listing by spaces, and ParseStat uses an error
// as a format. We never call the last two.
type lister interface {
	GetIptablesVersion() (major, minor, patch int)
	List(table, chain string) ([]string, error)
}

// newLister makes a lister on the program at a path that findTool has vetted.
func newLister(tool string, f ruleset.Family) (lister, error) {
	path, err := findTool(tool)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tool, err)
	}
	if v := loaderVariable(os.Environ()); v != "" {
		return nil, fmt.Errorf("refusing to run %s with %s in the environment; unset it", tool, v)
	}
	proto := iptables.ProtocolIPv4
	if f == ruleset.V6 {
		proto = iptables.ProtocolIPv6
	}
	return iptables.New(iptables.Path(path), iptables.IPFamily(proto), iptables.Timeout(5))
}

// CleanEnvironment removes what would make the programs that go-iptables runs
// load code, or use another lock, from the environment of this process. Call
// it first in main: without it, and with such a variable, Probe refuses.
func CleanEnvironment() {
	for v := loaderVariable(os.Environ()); v != ""; v = loaderVariable(os.Environ()) {
		os.Unsetenv(v)
	}
}

// loaderVariable finds a variable that makes a program load code or use
// another lock. go-iptables would hand it on.
func loaderVariable(environ []string) string {
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, "LD_") || strings.HasPrefix(name, "XTABLES_") {
			return name
		}
	}
	return ""
}

// chain reads one chain, nil when it does not exist.
func (r *Real) chain(ctx context.Context, l lister, f ruleset.Family, table, name string) (*ruleset.Chain, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	started := time.Now()
	lines, err := l.List(table, name)
	r.log(Command{
		Args:    []string{base(f), "-t", table, "-S", name},
		Started: started,
		Took:    time.Since(started),
		Lines:   len(lines),
		Err:     errorText(err),
	})
	if err != nil {
		return nil, fmt.Errorf("list chain %s of the %s %s table: %w", name, f, table, err)
	}
	return parseListing(f, name, lines)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// parseListing reads what iptables -S CHAIN prints, which is the language of
// the command ("-P FORWARD ACCEPT", "-A FORWARD -j X").
func parseListing(f ruleset.Family, name string, lines []string) (*ruleset.Chain, error) {
	c := &ruleset.Chain{Name: name}
	for _, line := range lines {
		verb, rest, _ := strings.Cut(line, " ")
		_, rest, _ = strings.Cut(rest, " ")
		switch verb {
		case "-P":
			c.Policy = rest
		case "-A":
			rule, err := ruleset.ParseRule(f, rest)
			if rule == nil {
				return nil, err
			}
			c.Append(rule)
		}
	}
	return c, nil
}
