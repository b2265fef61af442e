package engine_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
	"github.com/mfwtui/mfwtui/engine/plan"
	"github.com/mfwtui/mfwtui/engine/ruleset"
	"github.com/mfwtui/mfwtui/tables"
)

// The tables that the scenarios share, in the words of the lab: zone ext is the
// internet side (eth0), int the internal network (eth1), lan the bridge of the
// guests (br0).
const (
	sharedAddresses = `
E        203.0.113.1      2001:db8:113::1
nas      192.168.10.20    fd00:10::20
lan_nas  192.168.10.20    fd00:10::20
net8     10.8.0.0/24      fd08::/64
partner  203.0.113.12     2001:db8:113::12
lan_home 192.168.10.0/24  fd00:10::/64
v4only   192.168.10.0/24  -
v6only   -                fd08::/64
`
	sharedServices = `
ssh       22         -
http      80         -
http-alt  8080       -
https     443        -
snmp      -          161
smtp      25         -
low       8000-8010  -
high      9000-9010  -
`
	sharedInterfaces = `
eth0  ext  -
eth1  int  -
br0   lan  -
`
	sharedCountries = `
203.0.113.0,203.0.113.255,DE
2001:db8:113::,2001:db8:113:0:ffff:ffff:ffff:ffff,DE
198.51.100.0,198.51.100.255,AT
2001:db8:51::,2001:db8:51:ffff:ffff:ffff:ffff:ffff,AT
`
)

// site is a lab whose firewall is run by an Engine with tables of its own.
type site struct {
	*lab.Lab
	engine  *engine.Engine
	t       *testing.T
	backend host.Backend
	kernel  *host.Real
	config  engine.Config
	served  map[string]bool // places where a server listens, see question
}

// onEachBackend runs a test on a new site for each variant of iptables, at the
// same time.
func onEachBackend(t *testing.T, opts lab.Options, test func(*testing.T, *site)) {
	t.Helper()
	needs(t)
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			own := opts
			own.Backend = backend
			test(t, newSite(t, own))
		})
	}
}

// needs skips a test on a machine without root or tools, unless the run must
// not skip.
func needs(t *testing.T) {
	t.Helper()
	lacks := ""
	if os.Geteuid() != 0 {
		lacks = "root"
	}
	for _, tool := range []string{"iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy", "ipset", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			lacks = tool
		}
	}
	if lacks == "" {
		return
	}
	if os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
		t.Fatalf("this test needs %s", lacks)
	}
	t.Skipf("this test needs %s", lacks)
}

func newSite(t *testing.T, opts lab.Options) *site {
	t.Helper()
	s := siteAt(t, t.TempDir(), opts.Backend)
	t.Cleanup(s.idle)
	s.must(os.Mkdir(s.config.Dir, 0o755))
	s.write(s.config.Geo, sharedCountries)
	s.build(opts)
	return s
}

// siteAt is a site without a lab, with its files below a directory.
func siteAt(t *testing.T, dir string, backend host.Backend) *site {
	tools := host.Options{Backend: backend, LockFile: filepath.Join(dir, "xtables.lock")}
	s := &site{t: t, backend: backend, kernel: host.NewReal(tools), config: engine.Config{
		Dir: filepath.Join(dir, "tables"), State: filepath.Join(dir, "state"), Run: filepath.Join(dir, "run"),
		Geo: filepath.Join(dir, "countries.csv"), Guardian: guardian(tools),
	}}
	s.config.Kernel = s.kernel
	s.engine = engine.New(s.config)
	return s
}

// build puts the site into a new lab.
func (s *site) build(opts lab.Options) {
	s.t.Helper()
	l, err := lab.New(opts)
	s.must(err)
	s.t.Cleanup(func() { l.Close() })
	s.Lab, s.served = l, map[string]bool{}
}

// idle waits until no guardian of the site lives: the lock is free when the
// last process that holds it is gone.
func (s *site) idle() {
	f, err := os.Open(filepath.Join(s.config.Run, "tx.lock"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		defer f.Close()
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		s.t.Error(err)
	}
}

func (s *site) write(path, text string) {
	s.t.Helper()
	s.must(os.WriteFile(path, []byte(text), 0o644))
}

// tables writes the tables; those that are not named are the shared ones.
func (s *site) tables(files map[tables.Kind]string) {
	s.t.Helper()
	shared := map[tables.Kind]string{
		tables.Addresses: sharedAddresses, tables.Services: sharedServices, tables.Interfaces: sharedInterfaces,
		tables.Rules: "", tables.Virtuals: "", tables.Options: "",
	}
	for kind, text := range shared {
		if own, ok := files[kind]; ok {
			text = own
		}
		s.write(filepath.Join(s.config.Dir, kind.String()), text)
	}
}

// rules writes the tables with these rules.
func (s *site) rules(text string) {
	s.t.Helper()
	s.tables(map[tables.Kind]string{tables.Rules: text})
}

// must fails the test with an error.
func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// on runs f on the firewall, which without a lab is here. It fails the test
// with the error of f.
func (s *site) on(f func() error) {
	s.t.Helper()
	if s.Lab == nil {
		s.must(f())
		return
	}
	s.must(s.Firewall.Do(f))
}

// preview compiles the tables and compares them with the kernel.
func (s *site) preview() *engine.Preview {
	s.t.Helper()
	var p *engine.Preview
	s.on(func() (err error) {
		set, problems := s.engine.Load()
		if problems.HasErrors() {
			s.t.Error(problems)
		}
		p, err = s.engine.Preview(s.t.Context(), set)
		if err != nil && p != nil {
			s.t.Error(p.Problems)
		}
		return err
	})
	return p
}

// start applies the tables as far as the trial, or beyond it with Yes.
func (s *site) start(req engine.ApplyRequest) (*engine.Preview, engine.TrialStatus) {
	s.t.Helper()
	p := s.preview()
	var status engine.TrialStatus
	s.on(func() (err error) {
		status, err = s.engine.Apply(s.t.Context(), p, req)
		return err
	})
	return p, status
}

// inTime demands that port 80 is closed in a trial. Where the window was over
// before that was known, another trial begins, with a longer one. It gives the
// trial.
func (s *site) inTime(begin func(window time.Duration) (id string)) string {
	s.t.Helper()
	closed := s.questions("client1 > firewall tcp 80: DROP")[0]
	for window := firstWindow; window < engine.MaxTimeout; window *= 3 {
		id := begin(window)
		var got [2]lab.Outcome
		for i, f := range ruleset.Families() {
			p := closed.probe
			p.Dst = s.addr(closed.to, f)
			answer, err := s.Host(closed.from).Probe(p)
			s.must(err)
			got[i] = answer.Outcome
		}
		if status, pending, _ := s.pending(); pending && status.ID == id && status.Left > 0 {
			if got != [2]lab.Outcome{lab.Drop, lab.Drop} {
				s.t.Errorf("in the trial port 80 is %s", got)
			}
			return id
		}
		s.t.Logf("the window of %s was lost", window)
		s.idle()
	}
	s.t.Fatal("no window was long enough")
	return ""
}

// pending is the trial that is pending.
func (s *site) pending() (apply.Status, bool, error) {
	return apply.Query(s.t.Context(), apply.Paths{State: s.config.State, Run: s.config.Run})
}

// apply applies the tables, confirms, and holds the program to its word: there
// is no difference afterwards. The result is the preview before.
func (s *site) apply() *engine.Preview {
	s.t.Helper()
	p, status := s.start(engine.ApplyRequest{Yes: true})
	if status.State != engine.Confirmed {
		s.t.Fatalf("apply: %s, %s", status.State, status.Reason)
	}
	s.inSync()
	return p
}

// inSync fails the test when the kernel is not as the tables say, and returns
// what it holds.
func (s *site) inSync() *ruleset.Ruleset {
	s.t.Helper()
	p := s.preview()
	if !p.Diff.Empty() {
		s.t.Errorf("the kernel is not as the tables say:\n%s", p.Diff.Unified())
	}
	return p.Live
}

// check reads the tables and checks them.
func (s *site) check() (*tables.Config, tables.Problems) {
	set, problems := s.engine.Load()
	if problems.HasErrors() {
		return nil, problems
	}
	return s.engine.Check(set)
}

// live is what the kernel of the firewall holds.
func (s *site) live() *ruleset.Ruleset {
	s.t.Helper()
	var rs *ruleset.Ruleset
	s.on(func() (err error) {
		rs, err = s.kernel.Read(s.t.Context())
		return err
	})
	return rs
}

// load gives the kernel rules and sets that are not ours.
func (s *site) load(p plan.Payload) {
	s.t.Helper()
	s.on(func() error {
		if err := s.kernel.RestoreSets(s.t.Context(), p.Sets); err != nil {
			return err
		}
		return s.kernel.RestoreBoth(s.t.Context(), p.V4, p.V6)
	})
}

// warned fails the test unless a warning contains each of the texts.
func warned(t *testing.T, problems tables.Problems, texts ...string) {
	t.Helper()
	told(t, problems, tables.Warning, texts...)
}

// told fails the test unless a problem of this severity contains each text.
func told(t *testing.T, problems tables.Problems, severity tables.Severity, texts ...string) {
	t.Helper()
	for _, text := range texts {
		found := slices.ContainsFunc(problems, func(p tables.Problem) bool {
			return p.Severity == severity && strings.Contains(p.Error(), text)
		})
		if !found {
			t.Errorf("no %s says %q: %v", severity, text, problems)
		}
	}
}
