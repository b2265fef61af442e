package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The messages are those of iptables 1.8.9 and ipset 7.17.
var messages = []struct {
	name   string
	status int
	stderr string
	line   int
	text   string // of Error
	is     string // which predicates hold
}{
	{
		name: "nft, option", status: 2,
		stderr: "iptables-nft-restore v1.8.9 (nf_tables): unknown option \"--bogus\"\nError occurred at line: 3\nTry `iptables-nft-restore -h' or 'iptables-nft-restore --help' for more information.\n",
		line:   3, text: `tool: unknown option "--bogus" (line 3)`,
	},
	{
		name: "nft, missing chain", status: 1,
		stderr: "iptables-nft-restore: line 2 failed: No chain/target/match by that name.\n",
		line:   2, text: "tool: line 2 failed: No chain/target/match by that name.", is: "not exist",
	},
	{
		name: "nft, jump to a missing chain", status: 2,
		stderr: "iptables-nft-restore v1.8.9 (nf_tables): Chain 'nochain' does not exist\nError occurred at line: 4\n",
		line:   4, text: "tool: Chain 'nochain' does not exist (line 4)", is: "not exist",
	},
	{
		name: "nft, kernel", status: 4,
		stderr: "iptables-nft-restore v1.8.9 (nf_tables): \nline 6: CHAIN_DEL failed (Device or resource busy): chain q\n",
		line:   6, text: "tool: line 6: CHAIN_DEL failed (Device or resource busy): chain q", is: "in use",
	},
	{
		name: "nft, no COMMIT", status: 1,
		stderr: "iptables-nft-restore: COMMIT expected at line 3\n",
		line:   3, text: "tool: COMMIT expected at line 3",
	},
	{
		name: "nft, no privilege", status: 4,
		stderr: "iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n",
		text:   "tool: Could not fetch rule set generation id: Permission denied (you must be root)", is: "permission",
	},
	{
		name: "nft, legacy tables about", status: 1,
		stderr: "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\niptables-nft-restore: line 9 failed\n",
		line:   9, text: "tool: line 9 failed",
	},
	{
		name: "legacy, no reason", status: 1,
		stderr: "iptables-restore: line 7 failed\n",
		line:   7, text: "tool: line 7 failed",
	},
	{
		name: "legacy, missing set", status: 2,
		stderr: "iptables-restore v1.8.9 (legacy): Set nos doesn't exist.\n\nError occurred at line: 3\n",
		line:   3, text: "tool: Set nos doesn't exist. (line 3)", is: "not exist",
	},
	{
		name: "legacy, policy", status: 1,
		stderr: "iptables-restore v1.8.9 (legacy): Can't set policy `ACCEPT' on `x' line 2: Bad built-in chain name\n",
		line:   2, text: "tool: Can't set policy `ACCEPT' on `x' line 2: Bad built-in chain name",
	},
	{
		name: "legacy, lock held", status: 4,
		stderr: "Another app is currently holding the xtables lock; still 4s 0us time ahead to have a chance to grab the lock...\nAnother app is currently holding the xtables lock. Perhaps you want to use the -w option?\n",
		text:   "tool: Another app is currently holding the xtables lock. Perhaps you want to use the -w option?", is: "busy",
	},
	{
		name: "legacy, no lock file", status: 4,
		stderr: "Fatal: can't open lock file /run/xtables.lock: Permission denied\n",
		text:   "tool: Fatal: can't open lock file /run/xtables.lock: Permission denied", is: "permission",
	},
	{
		name: "ipset, line", status: 1,
		stderr: "ipset v7.17: Error in line 4: Hash is full, cannot add more elements\n",
		line:   4, text: "tool: Error in line 4: Hash is full, cannot add more elements",
	},
	{
		name: "ipset, in use", status: 1,
		stderr: "ipset v7.17: Error in line 1: Set cannot be destroyed: it is in use by a kernel component\n",
		line:   1, text: "tool: Error in line 1: Set cannot be destroyed: it is in use by a kernel component", is: "in use",
	},
	{
		name: "ipset, missing", status: 1,
		stderr: "ipset v7.17: Error in line 1: The set with the given name does not exist\n",
		line:   1, text: "tool: Error in line 1: The set with the given name does not exist", is: "not exist",
	},
	{
		name: "silent", status: 111,
		text: "tool: exit status 111 without a message",
	},
	{
		name: "a terminal sequence and a hidden character", status: 1,
		stderr: "bad \x1b[2Jrule \u202e\xff here\n",
		text:   `tool: bad \x1b[2Jrule \u202e` + "\uFFFD here",
	},
}

func TestMessagesOfTheToolsAreUnderstood(t *testing.T) {
	for _, m := range messages {
		t.Run(m.name, func(t *testing.T) {
			e := newExecError(Cmd{Tool: "tool"}, exitStatus(t, m.status), m.stderr)
			if e.Line != m.line || e.Status != m.status {
				t.Errorf("line %d status %d, want %d and %d", e.Line, e.Status, m.line, m.status)
			}
			if e.Error() != m.text {
				t.Errorf("error %q, want %q", e, m.text)
			}
			err := fmt.Errorf("load: %w", e)
			for name, is := range map[string]func(error) bool{
				"busy": IsBusy, "not exist": IsNotExist, "in use": IsInUse, "permission": IsPermission,
				"missing tool": IsMissingTool, "timeout": IsTimeout,
			} {
				if got, want := is(err), name == m.is; got != want {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			}
		})
	}
}

// exitStatus makes a real *exec.ExitError.
func exitStatus(t *testing.T, status int) error {
	t.Helper()
	err := exec.Command("/bin/sh", "-c", fmt.Sprintf("exit %d", status)).Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("exit %d gave %v", status, err)
	}
	return err
}

func TestNoErrorIsNoKindOfError(t *testing.T) {
	for i, is := range []func(error) bool{IsBusy, IsNotExist, IsInUse, IsPermission, IsMissingTool, IsTimeout} {
		if is(nil) || is(errors.New("does not exist")) {
			t.Errorf("predicate %d holds without a program's error", i)
		}
	}
}

func TestAProgramThatWeMayNotRunIsAMatterOfPermission(t *testing.T) {
	if !IsPermission(newExecError(Cmd{Tool: "tool"}, fs.ErrPermission, "")) {
		t.Error("not recognised")
	}
}

func TestTheNeighboursOfABadLineAreShown(t *testing.T) {
	e := &ExecError{Cmd: Cmd{Stdin: "*filter\n:a - [0:0]\n-A a -j b\nCOMMIT\n"}, Line: 3}
	want := []PayloadLine{{2, ":a - [0:0]"}, {3, "-A a -j b"}, {4, "COMMIT"}}
	if diff := cmp.Diff(want, e.Near(1)); diff != "" {
		t.Error(diff)
	}
	for _, line := range []int{0, 5, -1} {
		e.Line = line
		if near := e.Near(1); near != nil {
			t.Errorf("line %d: %v, want nothing", line, near)
		}
	}
}
