package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
)

// wrapper stands in for a firewall tool: it counts the calls of all of them,
// and one call goes wrong.
const wrapper = `#!/bin/sh
tool=/run/sbin/${0##*/}
exec 9>>/run/calls
flock 9
echo "$tool $*" >&9
n=$(wc -l < /run/calls)
exec 9>&-
[ "$n" = "$(cat /run/wrong)" ] || exec $tool "$@"
%s`

// wrongs are the ways in which a tool can go wrong.
var wrongs = []struct{ name, script string }{
	// It is killed in the middle: half of the input was read, or half of the
	// output written. Every other load says nothing about it, as ipset does
	// after a quit.
	{"halfway", `case $tool in
*restore | *ipset)
	cat > /run/input.$$
	half=$(($(wc -l < /run/input.$$) / 2))
	head -n $half /run/input.$$ | $tool "$@" 2>/dev/null
	[ $((n / 10 % 2)) = 0 ] || exit 0
	;;
*) $tool "$@" > /run/output.$$; head -c $(($(wc -c < /run/output.$$) / 2)) /run/output.$$ ;;
esac
echo "broke off" >&2
exit 1
`},
	{"reports success and does nothing", "cat > /run/input.$$\nexit 0\n"},
	{"does it and reports failure", "$tool \"$@\"\necho \"no idea\" >&2\nexit 1\n"},
}

// F25 to F31, F37: whichever call of a tool goes wrong during an apply, the kernel
// ends with the old rules or the new ones, whole, in both families, and the exit
// status says which. Each way tries every fifth call, and each another one;
// MFWTUI_TEST_SWEEP=1 lets all of them try all.
func TestAnyToolCallMayGoWrong(t *testing.T) {
	needFirewall(t)
	stride := 5
	if os.Getenv("MFWTUI_TEST_SWEEP") == "1" {
		stride = 1
	}
	first := 0
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		for _, wrong := range wrongs {
			first++
			t.Run(string(backend)+" "+wrong.name, func(t *testing.T) {
				t.Parallel()
				f := newFaulty(t, backend, wrong.script)
				kept, refused := 0, 0
				for n := first % stride; ; n += stride {
					made, status := f.applyWithWrongCall(n + 1)
					if made <= n {
						break // it ended before that call
					}
					if status == 0 {
						kept++
					} else {
						refused++
					}
				}
				if kept+refused < 5 {
					t.Errorf("only %d calls went wrong: the test proves little", kept+refused)
				}
				t.Logf("%d applies kept the new rules, %d the old ones", kept, refused)
			})
		}
	}
}

// faulty is a firewall host whose tools go wrong when told to.
type faulty struct {
	*login
	row     [2]string // of the old tables, and of the new ones
	rules   [2]string // what the kernel shows for them
	inForce int
}

func newFaulty(t *testing.T, backend host.Backend, script string) *faulty {
	f := &faulty{login: logIn(t, lab.Options{Backend: backend})}
	f.edit("addresses", "203.0.113.13 ", "203.0.113.13,192.0.2.7 ")
	f.row = [2]string{
		"int             FW               int_net              ALL                    dns            accept",
		"int             FW               pest                 ALL                    http           accept",
	}
	f.apply()
	f.rules[0] = f.rulesNow()
	f.change()
	f.apply()
	f.rules[1] = f.rulesNow()
	f.inForce = 1
	f.must(ownSbin())
	f.wrong(0)
	for _, tool := range []string{"iptables-%s-restore", "ip6tables-%s-restore", "iptables-%s-save", "ip6tables-%s-save", "ipset%.0s"} {
		path := filepath.Join("/usr/sbin", fmt.Sprintf(tool, backend))
		f.must(os.RemoveAll(path))
		f.must(os.WriteFile(path, []byte(fmt.Sprintf(wrapper, script)), 0o755))
	}
	return f
}

// wrong says which call is to go wrong, and starts to count anew.
func (f *faulty) wrong(n int) {
	f.must(os.WriteFile("/run/calls", nil, 0o644))
	f.must(os.WriteFile("/run/wrong", []byte(strconv.Itoa(n)), 0o644))
}

// change turns the tables from the ones into the others.
func (f *faulty) change() {
	f.edit("rules", f.row[f.inForce], f.row[1-f.inForce])
}

// rulesNow is what the kernel shows, without what differs between two loads of
// the same.
func (f *faulty) rulesNow() string {
	k := f.kernel()
	var sets []string
	for line := range strings.Lines(k.sets) {
		line, _, _ = strings.Cut(line, " initval ")
		sets = append(sets, strings.TrimSpace(line))
	}
	slices.Sort(sets)
	return k.v4 + k.v6 + strings.Join(sets, "\n")
}

// applyWithWrongCall applies a change and returns how many calls were made, and
// the exit status. The next command must find, or make, a kernel that is wholly
// one or the other.
func (f *faulty) applyWithWrongCall(n int) (calls, status int) {
	f.Helper()
	f.change()
	f.wrong(n)
	out, complaints, status := f.mfwtui("apply", "--yes")
	f.idle()
	made, err := os.ReadFile("/run/calls")
	f.must(err)
	f.wrong(0)
	said, alsoSaid, applied := f.mfwtui("status")
	f.idle()
	want := f.inForce
	if status == 0 {
		want = 1 - f.inForce
	}
	lines := strings.Split(strings.TrimSpace(string(made)), "\n")
	if now := f.rulesNow(); applied != 0 || now != f.rules[want] {
		which := "neither the old rules nor the new ones"
		if i := slices.Index(f.rules[:], now); i >= 0 {
			which = []string{"the old rules", "the new rules"}[(i+f.inForce)%2]
		}
		f.Fatalf("call %d went wrong (%s): apply ended with %d and the kernel has %s\n%s%s\nstatus %d:\n%s%s", n, lines[min(n, len(lines))-1], status, which, out, complaints, applied, said, alsoSaid)
	}
	if want == f.inForce {
		f.edit("rules", f.row[1-f.inForce], f.row[f.inForce])
	}
	f.inForce = want
	return len(lines), status
}
