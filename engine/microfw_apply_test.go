package engine_test

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// The MicroFW scenarios M48 to M54: what becomes of a host when rules change,
// fail to load, or are not confirmed.

const (
	httpOnly = "ext FW ALL ALL http accept\n"
	httpDrop = "ext FW ALL ALL http drop\n"
)

// quiet is a lab without containers.
var quiet = lab.Options{NoDocker: true}

func TestM48(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		s.rules(httpOnly)
		open := s.questions("client1 > firewall tcp 80: OPEN")
		s.apply()
		s.ask(open)
		flows := s.dial(lab.Client1, 80)
		s.rules(httpDrop)
		s.apply()
		s.alive(flows)
		s.packets("client1 > firewall tcp 80: DROP")
	})
}

// dial opens connections from a host to a port of the firewall, one in each
// family, that live until the test ends.
func (s *site) dial(from string, port uint16) []net.Conn {
	s.t.Helper()
	var flows []net.Conn
	for _, f := range ruleset.Families() {
		var conn net.Conn
		s.must(s.Host(from).Do(func() (err error) {
			conn, err = net.DialTimeout("tcp", netip.AddrPortFrom(s.Firewall.Addr(f), port).String(), time.Minute)
			return err
		}))
		s.t.Cleanup(func() { conn.Close() })
		s.must(conn.SetDeadline(time.Now().Add(10 * time.Minute)))
		if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil { // what the server says first
			s.t.Fatal(err)
		}
		flows = append(flows, conn)
	}
	return flows
}

// alive fails the test unless the server answers on connections from dial.
func (s *site) alive(flows []net.Conn) {
	s.t.Helper()
	for _, conn := range flows {
		if _, err := conn.Write([]byte("still there?\n")); err != nil {
			s.t.Error(err)
		}
		if line, err := bufio.NewReader(conn).ReadString('\n'); line != "still there?\n" {
			s.t.Errorf("an open flow answers %q, %v", line, err)
		}
	}
}

// foreign is a ban list of somebody else, with a rule that asks it, and a set
// that nobody asks.
var foreign = plan.Payload{
	Sets: "create bans hash:net family inet\nadd bans 203.0.113.13\nadd bans 198.51.100.0/24\n" +
		"create bans6 hash:net family inet6\nadd bans6 2001:db8:113::13\ncreate spare_tcp bitmap:port range 0-65535\nadd spare_tcp 7\n",
	V4: "*filter\n:banned - [0:0]\n-A INPUT -m set --match-set bans src -j banned\n-A banned -j DROP\nCOMMIT\n",
	V6: "*filter\n:banned - [0:0]\n-A INPUT -m set --match-set bans6 src -j banned\n-A banned -j DROP\nCOMMIT\n",
}

func TestM49(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		s.load(foreign)
		before := listing(s.live())
		s.rules("ext FW partner ALL ssh accept\n")
		s.apply()
		with := listing(s.live())
		for _, line := range before {
			if !slices.Contains(with, line) {
				t.Errorf("after apply there is no %q", line)
			}
		}
		s.on(func() error { return s.engine.Teardown(t.Context()) })
		if diff := cmp.Diff(before, listing(s.live())); diff != "" {
			t.Errorf("left by apply and teardown:\n%s", diff)
		}
	})
}

// listing is what the kernel holds, without counters and policies, in lines
// that can be compared. A built-in chain without rules, which the tools make
// when they look at a table, is nothing.
func listing(rs *ruleset.Ruleset) []string {
	var lines []string
	for _, f := range ruleset.Families() {
		for _, table := range *rs.Tables(f) {
			for _, c := range table.Chains {
				at := fmt.Sprintf("%s %s %s", f, table.Name, c.Name)
				if c.Policy == "" {
					lines = append(lines, at)
				}
				for _, r := range c.Rules {
					lines = append(lines, at+" "+r.Text(f))
				}
			}
		}
	}
	for _, name := range rs.Sets.Names() {
		set := rs.Sets[name]
		lines = append(lines, fmt.Sprintf("set %s %s", name, set.Type))
		for _, m := range set.Members {
			lines = append(lines, fmt.Sprintf("set %s %+v", name, m))
		}
	}
	return lines
}

// A load that fails in the middle, in either family, after the rehearsal found
// nothing wrong.
func TestM50(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		s.load(foreign)
		s.rules(httpOnly)
		s.apply()
		s.idle()
		before := listing(s.live())
		s.rules(httpDrop + "ext FW partner ALL ssh accept\n" + natAll)
		for _, f := range ruleset.Families() {
			spoiled := s.config
			spoiled.Guardian = slices.Insert(slices.Clone(s.config.Guardian), 2, "--spoil="+f.String())
			s.engine = engine.New(spoiled)
			p := s.preview()
			s.on(func() error {
				status, err := s.engine.Apply(t.Context(), p, engine.ApplyRequest{Yes: true})
				if status.State != apply.Failed || err == nil || !strings.Contains(err.Error(), "load the "+f.String()+" rules: ip") || !strings.Contains(err.Error(), "line ") {
					t.Errorf("%s: %s, %v", f, status.State, err)
				}
				return nil
			})
			s.idle()
			if diff := cmp.Diff(before, listing(s.live())); diff != "" {
				t.Errorf("%s: a load that failed changed:\n%s", f, diff)
			}
		}
		s.packets("client1 > firewall tcp 80: OPEN", "client2 > firewall tcp 22: RST")
	})
}

// firstWindow is how long a trial of these tests lasts that nobody answers, unless
// the machine stands still in it, see inTime. The commands allow ten seconds at
// least.
const firstWindow = 5 * time.Second

// try starts a trial of the tables with a short window.
func (s *site) try(window time.Duration) apply.Status {
	s.t.Helper()
	p := s.preview()
	var status apply.Status
	s.on(func() (err error) {
		status, err = apply.Start(s.t.Context(), s.kernel, apply.Paths{State: s.config.State, Run: s.config.Run}, apply.Request{
			Want: plan.Target{Rules: p.Compiled.Rules, Hooks: p.Compiled.Hooks}, Tables: p.Tables,
			Fingerprint: p.Fingerprint, Timeout: window, Guardian: s.config.Guardian,
		})
		return err
	})
	return status
}

// rolledBack fails the test unless the pending trial is rolled back and the
// rules before it are in force, whole.
func (s *site) rolledBack(id string, before []string) {
	s.t.Helper()
	s.on(func() error {
		status, err := s.engine.WaitTrial(s.t.Context(), id, nil)
		if status.State != engine.RolledBack {
			s.t.Errorf("ended as %s, %s", status.State, status.Reason)
		}
		return err
	})
	s.idle()
	if diff := cmp.Diff(before, listing(s.live())); diff != "" {
		s.t.Errorf("not as before the trial:\n%s", diff)
	}
	s.packets("client1 > firewall tcp 80: OPEN")
}

func TestM51(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		s.rules(httpOnly)
		s.apply()
		s.idle()
		before := listing(s.live())
		s.rules(httpDrop)
		id := s.inTime(func(window time.Duration) string { return s.try(window).ID })
		s.rolledBack(id, before)
	})
}

// tryHere is set for the process that TestM52 starts: the back end, the window, and
// where the files of the site are.
const tryHere = "MFWTUI_TEST_TRY_HERE"

func TestM52(t *testing.T) {
	if words := strings.SplitN(os.Getenv(tryHere), ":", 3); len(words) == 3 {
		window, err := time.ParseDuration(words[1])
		if err != nil {
			t.Fatal(err)
		}
		tryInTerminal(t, siteAt(t, words[2], host.Backend(words[0])), window)
		return
	}
	t.Parallel()
	for name, end := range map[string]func(client *os.Process, terminal *os.File) error{
		"ClientKilled":   func(client *os.Process, _ *os.File) error { return client.Kill() },
		"TerminalClosed": func(_ *os.Process, terminal *os.File) error { return terminal.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			onEachBackend(t, quiet, func(t *testing.T, s *site) {
				s.rules(httpOnly)
				s.apply()
				s.idle()
				before := listing(s.live())
				s.rules(httpDrop)
				id := s.inTime(func(window time.Duration) string {
					client, terminal, id := s.startInTerminal(window)
					s.must(end(client.Process, terminal))
					_ = client.Wait() // it was killed
					return id
				})
				s.rolledBack(id, before)
			})
		})
	}
}

// startInTerminal starts a process that starts a trial, with a terminal of its
// own, and returns when the trial runs.
func (s *site) startInTerminal(window time.Duration) (client *exec.Cmd, terminal *os.File, id string) {
	s.t.Helper()
	client = exec.Command("/proc/self/exe", "-test.run=^TestM52$")
	client.Env = append(os.Environ(), fmt.Sprintf("%s=%s:%s:%s", tryHere, s.backend, window, filepath.Dir(s.config.Dir)))
	s.on(func() (err error) {
		terminal, err = pty.Start(client)
		return err
	})
	s.t.Cleanup(func() { terminal.Close() })
	said := bufio.NewScanner(terminal)
	for said.Scan() {
		if _, err := fmt.Sscanf(said.Text(), "trial %s", &id); err == nil {
			return client, terminal, id
		}
		s.t.Log(said.Text())
	}
	s.t.Fatalf("the client started no trial: %v", said.Err())
	return nil, nil, ""
}

// tryInTerminal is the process that dies in TestM52: it starts a trial, says
// so, and waits for the end.
func tryInTerminal(t *testing.T, s *site, window time.Duration) {
	// Also when whoever started the tests ignores hang-ups, as nohup does.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		<-hangup
		syscall.Exit(129)
	}()
	status := s.try(window)
	fmt.Println("trial", status.ID)
	if _, err := s.engine.WaitTrial(t.Context(), status.ID, nil); err != nil {
		t.Error(err)
	}
}

func TestM53(t *testing.T) {
	t.Parallel()
	onEachBackend(t, quiet, func(t *testing.T, s *site) {
		s.rules(httpOnly)
		s.apply()
		s.idle()
		s.rules("ext FW ALL ALL http acept\n")
		// The machine starts again: nothing in the kernel, nothing in /run.
		s.must(os.RemoveAll(s.config.Run))
		s.build(quiet)
		var did string
		s.on(func() (err error) {
			did, err = s.engine.Boot(t.Context())
			return err
		})
		for _, want := range []string{"loaded the confirmed generation", "have errors, the first is rules:1:21: "} {
			if !strings.Contains(did, want) {
				t.Errorf("boot said %q, want %q in it", did, want)
			}
		}
		s.packets("client1 > firewall tcp 80: OPEN", "client1 > firewall tcp 22: RST")
	})
}

func TestM54(t *testing.T) {
	t.Parallel()
	onEachBackend(t, lab.Options{Docker6: true}, func(t *testing.T, s *site) {
		s.tables(map[tables.Kind]string{
			tables.Rules: natAll + sshOnly, tables.Virtuals: virtualAlt, tables.Interfaces: "eth0 ext -\neth1 int -\ndocker0 DOCKER -\n",
		})
		for range 2 {
			p := s.apply()
			s.hookedOnce(p)
			s.idle()
		}
		s.on(func() error {
			_, err := s.engine.Boot(t.Context())
			return err
		})
		s.inSync()
		s.hookedOnce(s.preview())
	})
}

// hookedOnce fails the test unless each hook is there once, and no other rule
// leads to one of our root chains.
func (s *site) hookedOnce(p *engine.Preview) {
	s.t.Helper()
	want, found, roots := map[ruleset.Hook]int{}, map[ruleset.Hook]int{}, map[string]bool{}
	for _, h := range p.Compiled.Hooks {
		want[h], roots[h.To] = 1, true
	}
	live := s.live()
	for _, f := range ruleset.Families() {
		for _, table := range *live.Tables(f) {
			for _, c := range table.Chains {
				for _, r := range c.Rules {
					if roots[r.JumpsTo()] {
						found[ruleset.Hook{Family: f, Table: table.Name, From: c.Name, To: r.JumpsTo()}]++
					}
				}
			}
		}
	}
	if diff := cmp.Diff(want, found); diff != "" {
		s.t.Errorf("hooks:\n%s", diff)
	}
}
