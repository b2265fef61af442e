package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// demoHelper makes the test program be a mfwtui demo: it is what the tests
// start, as another user or to kill it.
const demoHelper = "LAB_TEST_DEMO"

func TestMain(m *testing.M) {
	if staged, status := Stage(os.Args[1:]); staged {
		os.Exit(status)
	}
	if os.Getenv(demoHelper) != "" {
		status, err := Demo(context.Background(), DemoOptions{
			Tables:  fstest.MapFS{"rules": {Data: []byte("# sample\n")}, "etc.go": {Data: []byte("x")}},
			Command: os.Args[1:],
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 99
		}
		os.Exit(status)
	}
	// A shell that starts the tests in the background lets them ignore
	// interrupts, which the programs of the demo would inherit.
	if signal.Ignored(syscall.SIGINT) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	}
	os.Exit(m.Run())
}

// demoUsers are the users that a demo must work for.
var demoUsers = map[string]uint32{"root": 0, "nobody": 65534}

// demoCommand is the demo as a program of its own, run by a user.
func demoCommand(t *testing.T, user string, command ...string) *exec.Cmd {
	t.Helper()
	needKernel(t)
	if os.Getuid() != 0 {
		t.Skip("starting a demo as each user needs root")
	}
	uid := demoUsers[user]
	cmd := exec.CommandContext(t.Context(), helperProgram(t), command...)
	cmd.Env = append(os.Environ(), demoHelper+"=1")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return cmd
}

// helperProgram is a copy of the test program where everybody may run it.
func helperProgram(t *testing.T) string {
	t.Helper()
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "demo")
	copied, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(copied, self); err != nil {
		t.Fatal(err)
	}
	if err := copied.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDemoRunsTheCommandOnTheFirewallHost(t *testing.T) {
	script := `
set -e
[ "$(hostname)" = firewall ]
[ "$(id -u)" = 0 ]
[ "$(cat "$MFWTUI_DIR/rules")" = "# sample" ]
[ "$(stat -c %u:%a "$MFWTUI_DIR" "$MFWTUI_STATE" "$MFWTUI_RUN")" = "0:700
0:700
0:700" ]
ls /sys/class/net
iptables-save | grep -e "--to-destination 172.17.0.2:80"
iptables-legacy-save >/dev/null
iptables -A INPUT -s 203.0.113.13 -j DROP
ls -d /proc/[0-9]* | wc -l
exit 7`
	for user := range demoUsers {
		t.Run(user, func(t *testing.T) {
			out, err := demoCommand(t, user, "sh", "-c", script).CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 7 {
				t.Fatalf("%v, want the command's status 7:\n%s", err, out)
			}
			for _, iface := range []string{"eth0", "eth1", "docker0"} {
				if !slices.Contains(strings.Fields(string(out)), iface) {
					t.Errorf("no %s on the command's host:\n%s", iface, out)
				}
			}
		})
	}
}

func TestDemoReturnsTheSignalThatEndedTheCommand(t *testing.T) {
	err := demoCommand(t, "root", "sh", "-c", "kill -9 $$").Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 128+9 {
		t.Errorf("%v, want status 137", err)
	}
}

func TestDemoSaysWhichCommandIsMissing(t *testing.T) {
	out, _ := demoCommand(t, "root", "no-such-program").CombinedOutput()
	if !strings.Contains(string(out), "no-such-program is not installed") {
		t.Errorf("says %q", out)
	}
}

func TestAnInterruptIsTheCommandsBusiness(t *testing.T) {
	// The command is there until the interrupt was sent, and for a while after.
	cmd := demoCommand(t, "root", "sh", "-c", "echo ready; read line; sleep 0.3; exit 5")
	in, inErr := cmd.StdinPipe()
	out, err := cmd.StdoutPipe()
	if err = errors.Join(err, inErr); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatalf("the demo did not come up: %v", err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	in.Close()
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 5 {
		t.Errorf("%v, want the command's own status 5", err)
	}
}

// endings are the ways a demo can end while its command runs.
var endings = map[string]func(*exec.Cmd) error{
	"terminated": func(c *exec.Cmd) error { return c.Process.Signal(syscall.SIGTERM) },
	"hung up":    func(c *exec.Cmd) error { return c.Process.Signal(syscall.SIGHUP) },
	"killed":     func(c *exec.Cmd) error { return c.Process.Kill() },
}

func TestDemoLeavesNothingBehind(t *testing.T) {
	for user := range demoUsers {
		for how, end := range endings {
			t.Run(user+" "+how, func(t *testing.T) {
				mounts := readFile(t, "/proc/self/mountinfo")
				marker := fmt.Sprintf("86%d.%d", os.Getpid(), time.Now().UnixNano()%1e9)
				// One command that waits and one that left its session, as a
				// guardian does.
				script := "touch /run/left-over; setsid sleep " + marker + " & echo ready; exec sleep " + marker
				cmd := demoCommand(t, user, "sh", "-c", script)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				cmd.Stderr = os.Stderr
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
					t.Fatalf("the demo did not come up: %v", err)
				}
				if n := len(processes(t, marker)); n == 0 {
					t.Fatal("no process of the demo to be seen: the test would prove nothing")
				}
				if err := end(cmd); err != nil {
					t.Fatal(err)
				}
				cmd.Wait()
				for wait := time.Now().Add(time.Minute); len(processes(t, marker)) > 0; {
					if time.Now().After(wait) {
						t.Fatalf("still running: %v", processes(t, marker))
					}
					time.Sleep(10 * time.Millisecond)
				}
				if now := readFile(t, "/proc/self/mountinfo"); now != mounts {
					t.Errorf("mounts are now\n%s\nwere\n%s", now, mounts)
				}
				if _, err := os.Stat("/run/left-over"); err == nil {
					t.Error("a file of the demo is on the machine's /run")
				}
			})
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// processes are the command lines with a word in them, this test's own apart.
func processes(t *testing.T, word string) (found []string) {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if line := strings.ReplaceAll(string(text), "\x00", " "); err == nil && strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}

func TestOrdinaryArgumentsAreNoStage(t *testing.T) {
	for _, args := range [][]string{nil, {"demo"}, {"demo", "--", stageInit}, {stageInit, "x"}} {
		if staged, _ := Stage(args); staged {
			t.Errorf("%q was taken for a stage", args)
		}
	}
}

func TestObstaclesAreNamedWithTheirRemedy(t *testing.T) {
	fine := obstacles{maxUserNamespaces: 1000, usernsClone: -1, apparmorRestrict: -1}
	with := func(change func(*obstacles)) obstacles {
		o := fine
		change(&o)
		return o
	}
	tests := []struct {
		name string
		in   obstacles
		want []string
	}{
		{"nothing known", fine, []string{"user namespaces do not work here", "running this as root"}},
		{"namespaces off", with(func(o *obstacles) { o.maxUserNamespaces = 0 }), []string{"user.max_user_namespaces=15000", "as root"}},
		{"Debian's switch", with(func(o *obstacles) { o.usernsClone = 0 }), []string{"kernel.unprivileged_userns_clone=1"}},
		{"Ubuntu's switch", with(func(o *obstacles) { o.apparmorRestrict = 1 }), []string{"kernel.apparmor_restrict_unprivileged_userns=0"}},
		{"container", with(func(o *obstacles) { o.root, o.seccomp = true, true }), []string{"--cap-add SYS_ADMIN", "seccomp=unconfined"}},
		{"real root", with(func(o *obstacles) { o.root, o.sysAdmin = true, true }), []string{"this kernel refuses"}},
	}
	for _, tt := range tests {
		for _, want := range tt.want {
			if got := tt.in.advice(); !strings.Contains(got, want) {
				t.Errorf("%s: %q, want %q in it", tt.name, got, want)
			}
		}
	}
}
