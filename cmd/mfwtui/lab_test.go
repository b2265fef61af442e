package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
)

// TestOnTheFirewall runs the scripts of testdata/lab as an administrator on the
// firewall host of a lab would, each in a lab of its own and on both back ends.
// MFWTUI_DIR names a copy of the sample tables. See firewallCommands for what
// the scripts know beside the commands of testscript.
func TestOnTheFirewall(t *testing.T) {
	needFirewall(t)
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:   "testdata/lab",
				Setup: func(env *testscript.Env) error { return onFirewall(env, backend) },
				Cmds:  firewallCommands(backend),
				Condition: func(cond string) (bool, error) {
					return cond == string(backend), nil
				},
			})
		})
	}
}

// needFirewall skips what needs root, unless the run must not skip.
func needFirewall(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
		t.Fatal("this test needs root")
	}
	t.Skip("this test needs root")
}

// onFirewall builds a lab and moves the calling goroutine, and every program
// that it starts from now on, to its firewall host. testscript runs a script on
// the goroutine that called Setup.
func onFirewall(env *testscript.Env, backend host.Backend) error {
	l, err := lab.New(lab.Options{Backend: backend})
	if err != nil {
		return err
	}
	env.Defer(func() { l.Close() })
	if err := enter(l.Firewall); err != nil {
		return err
	}
	// Whoever is not root must get at the program, and at what a script
	// makes readable.
	program, err := exec.LookPath("mfwtui")
	if err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(filepath.Dir(program)), filepath.Dir(env.WorkDir)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	env.Setenv("MFWTUI_DIR", filepath.Join(env.WorkDir, "tables"))
	env.Setenv("MFWTUI_STATE", filepath.Join(env.WorkDir, "state"))
	env.Setenv("MFWTUI_RUN", filepath.Join(env.WorkDir, "run"))
	env.Setenv("BACKEND", string(backend))
	return samples(filepath.Join(env.WorkDir, "tables"))
}

// enter moves the calling goroutine for good to a host, with mounts of its own.
func enter(h *lab.Host) error {
	runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
	var ns *os.File
	err := h.Do(func() (err error) {
		ns, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the firewall host: %w", err)
	}
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	return ownMounts()
}

// ownMounts makes the machine's files read-only for the calling thread, apart
// from temporary ones: a mistake in a test that runs as root must not reach
// them. /run is empty and its own: the legacy tools would share their lock with
// the machine. Nothing may be mounted below a directory that a test removes at
// its end, and what must be mounted has its place below /run.
func ownMounts() error {
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"", "/", "", unix.MS_REC | unix.MS_PRIVATE},
		{os.TempDir(), os.TempDir(), "", unix.MS_BIND},
		{"", "/", "", unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY},
		{"tmpfs", "/run", "tmpfs", 0},
	} {
		if err := unix.Mount(m.source, m.target, m.kind, m.flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	return os.Chmod("/run", 0o755)
}

// firewallCommands are the commands of the scripts:
//
//	status N COMMAND ARG...  run it and demand that exit status
//	printable N COMMAND ARG...  the same, and that it prints nothing else
//	kernel FILE              write the rules and sets of the kernel to a file
//	pending                  wait until a trial runs, set CODE and GUARDIAN
//	tool NAME [SCRIPT]       replace a firewall tool, or remove it
func firewallCommands(backend host.Backend) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"status":    demandStatus,
		"printable": demandPrintable,
		"kernel":    func(ts *testscript.TestScript, _ bool, args []string) { writeKernel(ts, backend, args[0]) },
		"pending":   awaitPending,
		"tool":      replaceTool,
		"bigtable":  bigTable,
		"nulfile":   nulFile,
	}
}

func demandStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARG...")
	}
	got := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("%s ended with %d, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

func demandPrintable(ts *testscript.TestScript, neg bool, args []string) {
	demandStatus(ts, neg, args)
	for _, stream := range []string{"stdout", "stderr"} {
		for _, line := range strings.Split(ts.ReadFile(stream), "\n") {
			if i := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				ts.Fatalf("%s holds %q in %q", stream, []rune(line[i:])[0], line)
			}
		}
	}
}

// packetCounts are what differs between two saves of the same rules.
var packetCounts = regexp.MustCompile(`(?m)^#.*\n| \[\d+:\d+\]$`)

// writeKernel asks the tools themselves, so that nothing is compared with what
// mfwtui believes. An apply answers before its guardian has tidied up, so it
// waits for that first.
func writeKernel(ts *testscript.TestScript, backend host.Backend, file string) {
	awaitGuardian(ts)
	var all strings.Builder
	for _, c := range []string{"iptables-" + string(backend) + "-save", "ip6tables-" + string(backend) + "-save", "ipset save"} {
		args := strings.Fields(c)
		ts.Check(ts.Exec(args[0], args[1:]...))
		all.WriteString(packetCounts.ReplaceAllString(ts.ReadFile("stdout"), ""))
	}
	ts.Check(os.WriteFile(ts.MkAbs(file), []byte(all.String()), 0o644))
}

// awaitGuardian waits until no guardian holds the lock of the transaction.
func awaitGuardian(ts *testscript.TestScript) {
	f, err := os.Open(filepath.Join(ts.Getenv("MFWTUI_RUN"), "tx.lock"))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	ts.Check(err)
	defer f.Close()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("the guardian lives on: %v", err)
		}
	}
}

// awaitPending polls the program's own status.
func awaitPending(ts *testscript.TestScript, _ bool, _ []string) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		_ = ts.Exec("mfwtui", "status", "--json") // ends with 1 when pending
		var st struct {
			Pending *struct {
				Code     string `json:"code"`
				State    string `json:"state"`
				Guardian int    `json:"guardian_pid"`
			} `json:"pending"`
		}
		if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &st); err != nil || st.Pending == nil || st.Pending.Code == "" {
			continue
		}
		ts.Setenv("CODE", st.Pending.Code)
		ts.Setenv("GUARDIAN", fmt.Sprint(st.Pending.Guardian))
		return
	}
	ts.Fatalf("no apply is pending")
}

// toolCopies is where the firewall tools are as they were, below the private
// /run.
const toolCopies = "/run/sbin"

// replaceTool removes a firewall tool from this script's view of /usr/sbin, or
// puts a script in its place that finds the tools as they were in $SBIN.
func replaceTool(ts *testscript.TestScript, _ bool, args []string) {
	if _, err := os.Stat(toolCopies); err != nil {
		ts.Check(ownSbin())
	}
	path := filepath.Join("/usr/sbin", args[0])
	ts.Check(os.RemoveAll(path))
	if len(args) > 1 {
		text := strings.ReplaceAll(ts.ReadFile(args[1]), "$SBIN", toolCopies)
		ts.Check(os.WriteFile(path, []byte(text), 0o755))
	}
}

// ownSbin puts copies of the firewall tools in the place of /usr/sbin, in the
// mounts of the calling thread. Nothing there leads to the machine's files:
// neither a script nor the end of one, which removes its directory, may reach
// them.
func ownSbin() error {
	const sbin = "/usr/sbin"
	if err := copyTools(sbin, toolCopies); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", sbin, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mount %s: %w", sbin, err)
	}
	return copyTools(toolCopies, sbin)
}

// copyTools copies the programs of iptables and ipset, and the links to them.
func copyTools(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, pattern := range []string{"ipset", "ip*tables*", "xtables-*"} {
		names, err := filepath.Glob(filepath.Join(from, pattern))
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := copyTool(name, filepath.Join(to, filepath.Base(name))); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyTool(from, to string) error {
	if target, err := os.Readlink(from); err == nil {
		return os.Symlink(target, to)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}
