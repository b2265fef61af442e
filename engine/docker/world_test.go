package docker_test

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// world is a lab whose firewall is run by an Engine and has a Docker engine of
// its own.
type world struct {
	*lab.Lab
	t      *testing.T
	daemon *daemon
	engine *engine.Engine
	kernel *host.Real
	tools  host.Options
	dir    string
}

// onBothBackEnds runs a test in a world of each back end, beside each other: an
// engine that starts mostly waits.
func onBothBackEnds(t *testing.T, test func(w *world)) {
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			test(newWorld(t, backend))
		})
	}
}

// otherBackEnd is the back end that the world does not use.
func (w *world) otherBackEnd() host.Backend {
	if w.tools.Backend == host.NFT {
		return host.Legacy
	}
	return host.NFT
}

// tool runs iptables or one of its like on the firewall, of a back end.
func (w *world) tool(of host.Backend, program, suffix, input string, args ...string) {
	w.t.Helper()
	_, err := w.Firewall.RunInput(w.t.Context(), input, "/usr/sbin/"+program+"-"+string(of)+suffix, args...)
	w.must(err)
}

// needs skips a test on a machine without root or tools, unless the run must
// not skip.
func needs(t *testing.T) {
	t.Helper()
	lacks := ""
	if os.Geteuid() != 0 {
		lacks = "root"
	}
	for tool, name := range map[string]string{
		"iptables-nft": "iptables", "iptables-legacy": "iptables", "ipset": "ipset", "nft": "nftables", "dockerd": "a Docker engine (Debian's docker.io)",
	} {
		if _, err := exec.LookPath(tool); err != nil {
			lacks = name
		}
	}
	switch {
	case lacks == "":
	case os.Getenv("MFWTUI_TEST_KERNEL") == "must":
		t.Fatalf("this test needs %s", lacks)
	default:
		t.Skipf("this test needs %s", lacks)
	}
}

// newWorld makes a world whose Docker engine is not started yet. The firewall
// forwards before that, so the engine leaves the policy of FORWARD alone.
func newWorld(t *testing.T, backend host.Backend) *world {
	t.Helper()
	needs(t)
	w := labWorld(t, lab.Options{Backend: backend, NoDocker: true})
	w.daemon = newDaemon(t, w.Firewall, w.tools)
	w.managed(w.daemon.socket)
	return w
}

// labWorld makes a world in a lab, whose firewall nobody manages yet.
func labWorld(t *testing.T, opts lab.Options) *world {
	t.Helper()
	backend, dir := opts.Backend, t.TempDir()
	tools := host.Options{Backend: backend, LockFile: filepath.Join(dir, "xtables.lock")}
	w := &world{t: t, dir: dir, kernel: host.NewReal(tools), tools: tools}
	t.Cleanup(w.idle)
	var err error
	if w.Lab, err = lab.New(opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	w.must(os.Mkdir(filepath.Join(dir, "tables"), 0o755))
	return w
}

// managed lets an Engine manage the firewall, beside the Docker engine at a socket.
func (w *world) managed(socket string) {
	w.engine = engine.New(engine.Config{
		Dir: filepath.Join(w.dir, "tables"), State: filepath.Join(w.dir, "state"), Run: filepath.Join(w.dir, "run"),
		Guardian: guardian(w.tools), Kernel: w.kernel, DockerHost: "unix://" + socket,
	})
}

// idle waits until no guardian of the world lives: then the lock is free.
func (w *world) idle() {
	f, err := os.Open(filepath.Join(w.dir, "run", "tx.lock"))
	if err != nil {
		return // there was none
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		w.t.Error(err)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// on runs f on the firewall.
func (w *world) on(f func(context.Context) error) {
	w.t.Helper()
	w.must(w.Firewall.Do(func() error { return f(w.t.Context()) }))
}

// tables writes the tables: zone ext is the internet side, DOCKER what the
// interfaces say.
func (w *world) tables(interfaces, rules, virtuals string) {
	w.t.Helper()
	for kind, text := range map[tables.Kind]string{
		tables.Addresses:  "E 203.0.113.1 2001:db8:113::1\n",
		tables.Services:   "ssh 22 -\nhttp 80 -\nhttp-alt 8080 -\nhttps 443 -\n",
		tables.Interfaces: "eth0 ext -\n" + interfaces,
		tables.Rules:      rules, tables.Virtuals: virtuals,
	} {
		w.must(os.WriteFile(filepath.Join(w.dir, "tables", kind.String()), []byte(text), 0o644))
	}
}

const docker0 = "docker0 DOCKER -\n"

// start applies the tables as far as the trial, or beyond it with Yes.
func (w *world) start(req engine.ApplyRequest) (p *engine.Preview, status engine.TrialStatus) {
	w.t.Helper()
	w.on(func(ctx context.Context) (err error) {
		set, problems := w.engine.Load()
		if problems.HasErrors() {
			return problems[0]
		}
		if p, err = w.engine.Preview(ctx, set); err == nil {
			status, err = w.engine.Apply(ctx, p, req)
		}
		return err
	})
	return p, status
}

// apply applies the tables for good.
func (w *world) apply() *engine.Preview {
	w.t.Helper()
	p, status := w.start(engine.ApplyRequest{Yes: true})
	if status.State != engine.Confirmed {
		w.t.Fatalf("apply: %s, %s", status.State, status.Reason)
	}
	w.idle()
	return p
}

// asks sends a TCP probe and demands its outcome.
func (w *world) asks(from *lab.Host, to netip.Addr, port uint16, want lab.Outcome) lab.Answer {
	w.t.Helper()
	answer, err := from.Expect(want, lab.TCP(to, port))
	w.must(err)
	if answer.Outcome != want {
		w.t.Errorf("%s to %s port %d: %s, want %s", from.Name, to, port, answer.Outcome, want)
	}
	return answer
}

// await tries a probe until it has its outcome: a container that starts needs a
// moment until it listens.
func (w *world) await(from *lab.Host, to netip.Addr, port uint16, want lab.Outcome) {
	w.t.Helper()
	probe := lab.TCP(to, port)
	probe.Timeout = time.Second
	w.daemon.await(func(context.Context) error {
		answer, err := from.Probe(probe)
		if err == nil && answer.Outcome != want {
			err = &outcomeError{answer.Outcome, want}
		}
		return err
	})
}

type outcomeError struct{ got, want lab.Outcome }

func (e *outcomeError) Error() string { return string(e.got) + ", want " + string(e.want) }

// view is what mfwtui docker shows.
func (w *world) view() (v engine.ContainerView) {
	w.t.Helper()
	w.on(func(ctx context.Context) (err error) {
		v, err = w.engine.Containers(ctx)
		return err
	})
	return v
}

// awaitView waits until the view is as it should be: the engine reports changes
// a moment later.
func (w *world) awaitView(what string, good func(engine.ContainerView) bool) engine.ContainerView {
	w.t.Helper()
	for end := time.Now().Add(engineLimit); ; time.Sleep(50 * time.Millisecond) {
		v := w.view()
		if good(v) {
			return v
		}
		if time.Now().After(end) {
			w.t.Fatalf("%s: %+v", what, v)
		}
	}
}

// verdicts are the verdicts on the published ports of a container.
func verdicts(v engine.ContainerView, name string) map[string]string {
	found := make(map[string]string)
	for i := range v.Containers {
		if c := &v.Containers[i]; c.Name == name {
			for _, p := range c.Published {
				found[p.Host.String()] = p.String()
			}
		}
	}
	return found
}

func running(names ...string) func(engine.ContainerView) bool {
	return func(v engine.ContainerView) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			return !slices.ContainsFunc(v.Containers, func(c engine.ContainerState) bool { return c.Name == name && c.State == "running" })
		})
	}
}

// hooks are our hooks of the forward chain and what is wrong with them.
func (w *world) hooks() string {
	w.t.Helper()
	var words []string
	w.on(func(ctx context.Context) error {
		list, err := w.engine.Hooks(ctx)
		for _, h := range list {
			if h.Table == ruleset.Filter && h.To == ruleset.RootForward {
				words = append(words, strings.TrimSpace(h.Family.String()+" "+h.From+" "+h.Why))
			}
		}
		return err
	})
	return strings.Join(words, ", ")
}

// hooked demands where the hooks of the forward chain are, and that they are
// right.
func (w *world) hooked(want string) {
	w.t.Helper()
	if got := w.hooks(); got != want {
		w.t.Errorf("hooks: %s, want %s", got, want)
	}
}

// live is what the kernel of the firewall holds.
func (w *world) live() (rs *ruleset.Ruleset) {
	w.t.Helper()
	w.on(func(ctx context.Context) (err error) {
		rs, err = w.kernel.Read(ctx)
		return err
	})
	return rs
}

// repair moves the hooks, and demands that nothing else changes: whatever is not
// a hook of ours is as it was.
func (w *world) repair() {
	w.t.Helper()
	before := foreignRules(w.live())
	w.on(func(ctx context.Context) error {
		_, err := w.engine.RepairHooks(ctx)
		return err
	})
	if after := foreignRules(w.live()); !slices.Equal(before, after) {
		w.t.Errorf("the repair changed more than our hooks:\n%s\nnow:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// foreignRules are all rules but our hooks, in order.
func foreignRules(rs *ruleset.Ruleset) []string {
	var list []string
	for _, f := range ruleset.Families() {
		for _, t := range *rs.Tables(f) {
			for _, c := range t.Chains {
				for _, r := range c.Rules {
					if r.ID != "hook" {
						list = append(list, f.String()+" "+t.Name+" "+c.Name+" "+r.Text(f))
					}
				}
			}
		}
	}
	return list
}
