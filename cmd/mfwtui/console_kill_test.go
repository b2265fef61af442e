package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/lab"
)

// strike is something that happens to an apply or to the trial that follows.
type strike struct {
	name string
	hit  func(*ordeal)
	// spares says that the console lives on and reads its terminal: it must
	// tell how it ended. status is what it ends with, then or by the strike.
	spares bool
	status int
	// orphans says that nobody is left who would sweep up.
	orphans bool
}

const killed = -1 // the exit status of a process that a signal ended

// strikes are rows F01 to F06, F10 and F11 of the failure matrix.
var strikes = []strike{
	{name: "console", status: killed, hit: func(o *ordeal) { o.signalConsole(unix.SIGKILL) }},
	{name: "worker", spares: true, hit: func(o *ordeal) { o.signalGuardian(unix.SIGKILL, worker) }},
	{name: "supervisor", spares: true, hit: func(o *ordeal) { o.signalGuardian(unix.SIGKILL, supervisor) }},
	{name: "all", status: killed, orphans: true, hit: (*ordeal).killAll},
	{name: "hangup", status: 1, hit: func(o *ordeal) { o.HangUp() }},
	{name: "stalled", status: 1, hit: func(o *ordeal) { o.must(o.Stall()) }},
	{name: "stopped", spares: true, hit: func(o *ordeal) { o.signalGuardian(unix.SIGSTOP, supervisor, worker) }},
	{name: "terminated", hit: func(o *ordeal) {
		o.signalConsole(unix.SIGTERM)
		o.signalGuardian(unix.SIGTERM, supervisor, worker)
	}},
}

// moment is when a strike hits: some time after the answer that starts the
// apply, or some time before the deadline of the trial.
type moment struct {
	into bool
	at   time.Duration
}

func (m moment) String() string {
	if m.into {
		return fmt.Sprintf("%d ms into the apply", m.at.Milliseconds())
	}
	return fmt.Sprintf("%d ms before the deadline", m.at.Milliseconds())
}

// The moments of a strike on one back end. An apply takes about as long as
// applyTakes, so that those into it are spread from before the guardian starts
// to after the flip.
const (
	momentsInto   = 2
	momentsBefore = 3
	applyTakes    = 1000 // ms
	countdown     = 30   // s: a machine that is late must not lose the time before a strike
	earliest      = 10   // s before the deadline
	lastMoment    = 100 * time.Millisecond
	momentsSeed   = 20261121
)

// moments draws them; one is always the last that must be survived.
func moments(r *rand.Rand) []moment {
	list := []moment{{at: lastMoment}}
	for range momentsBefore - 1 {
		list = append(list, moment{at: lastMoment + time.Duration(r.IntN(earliest*1000-1000))*time.Millisecond})
	}
	for range momentsInto {
		list = append(list, moment{into: true, at: time.Duration(r.IntN(applyTakes)) * time.Millisecond})
	}
	return list
}

// How many cases run at the same time on one back end, and how many of them
// start: they wait most of the time, but not while they start.
const (
	atOnce   = 16
	starting = 2
)

// Whatever dies, stops, goes away or does not listen, at whatever moment of an
// apply or a trial: the old rules are in force after the deadline, in both
// families and to the letter, and nothing of the trial is left.
func TestOldRulesComeBack(t *testing.T) {
	needFirewall(t)
	for i, backend := range []host.Backend{host.NFT, host.Legacy} {
		t.Run(string(backend), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(momentsSeed, uint64(i)))
			old := confirmed(t, backend)
			slots, starts := make(chan struct{}, atOnce), make(chan struct{}, starting)
			var cases sync.WaitGroup
			for _, s := range strikes {
				for _, m := range moments(r) {
					slots <- struct{}{}
					cases.Go(func() {
						defer func() { <-slots }()
						t.Run(s.name+" "+m.String(), func(t *testing.T) {
							o := begin(t, old, starts)
							o.strike, o.moment = s, m
							o.undergo()
						})
					})
				}
			}
			cases.Wait()
		})
	}
}

// confirmedHost is a firewall whose tables were applied and confirmed, to be
// copied.
type confirmedHost struct {
	backend host.Backend
	kernel  kernel
	dir     string // of tables and state
}

// ordeal is one case: a console that applies rules which cut the administrator
// off.
type ordeal struct {
	*console
	strike strike
	moment moment
	// what the kernel held before, and the generation that was current
	before    kernel
	confirmed string
	begun     func() // lets the next case start
}

// The old rules let in ssh, the new ones https in its place.
var (
	oldRules = []string{"22 v4", "22 v6"}
	newRules = []string{"443 v4", "443 v6"}
)

const (
	sshRow   = "ext             FW               ALL                  ALL                    ssh            accept"
	httpsRow = "ext             FW               ALL                  ALL                    https          accept"
)

// confirmed applies the old rules, beside rules of somebody else.
func confirmed(t *testing.T, backend host.Backend) confirmedHost {
	t.Helper()
	l := logIn(t, lab.Options{Backend: backend, NoDocker: true})
	l.claim()
	l.setCountdown(countdown)
	l.apply()
	return confirmedHost{backend, l.kernel(), l.dir}
}

// begin copies a confirmed host into a lab of its own, changes the tables, and
// opens the console on them.
func begin(t *testing.T, old confirmedHost, starts chan struct{}) *ordeal {
	t.Helper()
	starts <- struct{}{}
	begun := sync.OnceFunc(func() { <-starts })
	t.Cleanup(begun)
	l := logIn(t, lab.Options{Backend: old.backend, NoDocker: true})
	l.must(l.Firewall.Serve(22, 443))
	l.must(os.RemoveAll(l.path("tables")))
	l.tool("", "cp", "-a", old.dir+"/tables", old.dir+"/state", l.dir)
	l.tool(old.kernel.sets, "ipset", "restore")
	l.tool(old.kernel.v4, "iptables-"+string(old.backend)+"-restore")
	l.tool(old.kernel.v6, "ip6tables-"+string(old.backend)+"-restore")
	l.edit("rules", sshRow, httpsRow)
	o := &ordeal{before: l.kernel(), confirmed: l.current(), begun: begun}
	// The console knows that these rules cut its own administrator off.
	o.console = l.open(0, l.fromClient())
	return o
}

// undergo brings the console into the apply, strikes, and looks at what is left
// afterwards.
func (o *ordeal) undergo() {
	o.apply()
	o.await()
	o.strike.hit(o)
	inTime := o.onTrial()
	o.begun()
	if inTime && !o.moment.into {
		o.stillNew("right after the strike") // nothing but the deadline ends a trial
	}
	o.outlast()
	if o.strike.name == "stopped" { // and wakes up later
		if inTime && !o.moment.into {
			o.unanswered()
		}
		o.signalGuardian(unix.SIGCONT, supervisor, worker)
		o.outlast()
	}
	o.idle()
	o.farewell()
	o.swept()
	o.runs("in the end", oldRules...)
}

// stillNew fails the test unless the new rules are in force, as long as the trial
// is not over.
func (o *ordeal) stillNew(when string) {
	o.Helper()
	if got := o.letIn(22, 443); o.onTrial() && !slices.Equal(got, newRules) {
		o.Errorf("%s a client reaches %q, want %q", when, got, newRules)
	}
}

// onTrial reports whether the deadline is still to come.
func (o *ordeal) onTrial() bool {
	deadline, ok := o.deadline()
	return ok && bootTime() < deadline
}

// unanswered asks while the guardian is stopped in a trial, where it was
// stopped before it could end it.
func (o *ordeal) unanswered() {
	if _, said, status := o.mfwtui("status"); status != 1 || said != "mfwtui: the guardian does not answer\n" {
		o.Errorf("asked while the guardian is stopped, status ended with %d: %s", status, said)
	}
}

// apply takes the console from its first screen into the apply. It asks for the
// name of the host, since nobody would get in any more.
func (o *ordeal) apply() {
	o.Helper()
	o.review()
	o.waits("LOCK-OUT")
	name, err := os.Hostname()
	o.must(err)
	o.calmly(name + "\r")
	o.waits("applying ...", "you can read this code", "rolled back at", "not applied, nothing was changed")
}

// await waits for the moment of the strike.
func (o *ordeal) await() {
	o.Helper()
	if o.moment.into {
		time.Sleep(o.moment.at)
		return
	}
	o.code()
	o.begun()
	o.stillNew("in the trial")
	deadline, ok := o.deadline()
	if !ok {
		o.Fatal("a trial without a journal")
	}
	time.Sleep(deadline - o.moment.at - bootTime())
}

// bootTime is the clock of the journal.
func bootTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(err) // no kernel that runs Go lacks it
	}
	return time.Duration(ts.Nano())
}

// deadline is when the trial ends, as its journal says: the screen shows no
// milliseconds. It is false when none has begun.
func (l *login) deadline() (time.Duration, bool) {
	l.Helper()
	data, err := os.ReadFile(l.path("run/tx.json"))
	if err != nil {
		return 0, false
	}
	var file struct {
		Journal struct{ Deadline time.Duration }
	}
	l.must(json.Unmarshal(data, &file))
	return file.Journal.Deadline, file.Journal.Deadline > 0
}

// outlast waits until the deadline is over, or nobody runs who could begin a
// trial, and then for the old rules: the kernel, which goes back alone, does so
// some seconds later, and later still when the trial was armed late.
func (o *ordeal) outlast() {
	o.Helper()
	o.until(patience, "neither a trial nor its end", func() bool {
		deadline, ok := o.deadline()
		if ok {
			time.Sleep(deadline - bootTime())
		}
		return ok || !slices.ContainsFunc(o.guardians(), process.runs) && !o.applying()
	})
	var got []string
	for end := time.Now().Add(patience); !slices.Equal(got, oldRules); got = o.letIn(22, 443) {
		if time.Now().After(end) {
			o.Fatalf("after the deadline a client reaches %q, want %q\n%s", got, oldRules, o.Text())
		}
	}
}

// applying says that the console may still start a guardian.
func (o *ordeal) applying() bool {
	select {
	case <-o.Ended():
		return false
	default:
		return strings.Contains(o.Text(), "applying ...") && len(o.guardians()) == 0
	}
}

// farewell ends the console, as far as it lives, after it told how it ended.
func (o *ordeal) farewell() {
	o.Helper()
	if o.strike.spares {
		o.waits("rolled back at", "not applied, nothing was changed")
	}
	o.signalConsole(unix.SIGTERM)
	if got := o.status(); got != o.strike.status {
		o.Errorf("the console ended with %d, want %d", got, o.strike.status)
	}
	if o.strike.name != "hangup" && o.strike.status != killed && !o.ModeKept() {
		o.Error("the console left the terminal in its own mode")
	}
}

// swept looks for what is left of the trial, lets the next command clean up,
// and looks again.
func (o *ordeal) swept() {
	o.Helper()
	_, journal := o.deadline()
	litter := journal || o.kernel() != o.before
	if litter && !o.strike.orphans {
		o.Errorf("the guardian left its trial in the kernel or its journal:\n%s", o.kernel().differs(o.before))
	}
	out, said, status := o.mfwtui("status")
	if told := strings.Contains(said, "rolled back what root from") || strings.Contains(said, "removed what was left"); told != litter {
		o.Errorf("something was left: %t, but status says: %q", litter, said)
	}
	if status != 0 || !strings.Contains(out, "drift       none") || !strings.Contains(out, "pending     nothing") {
		o.Errorf("status ended with %d:\n%s", status, out)
	}
	if diff := o.kernel().differs(o.before); diff != "" {
		o.Errorf("the kernel does not hold what it held before:\n%s", diff)
	}
	if got := o.current(); got != o.confirmed {
		o.Errorf("a reboot would load %q, want %q", got, o.confirmed)
	}
	if _, journal := o.deadline(); journal {
		o.Error("the journal is still there")
	}
}

// current is the generation that a reboot would load.
func (l *login) current() string {
	l.Helper()
	target, err := os.Readlink(l.path("state/current"))
	l.must(err)
	return target
}

// The two processes of a guardian, as their arguments name them.
const (
	supervisor = "supervisor"
	worker     = "worker"
)

func (o *ordeal) signalConsole(s unix.Signal) { _ = unix.Kill(o.Process().Pid, s) }

// signalGuardian sends a signal to the processes of the guardian that are there.
func (o *ordeal) signalGuardian(s unix.Signal, roles ...string) {
	for _, p := range o.guardians() {
		if slices.Contains(roles, p.role()) {
			_ = unix.Kill(p.pid, s)
		}
	}
}

// killAll leaves no time to a supervisor to start another worker.
func (o *ordeal) killAll() {
	o.signalConsole(unix.SIGKILL)
	for len(o.guardians()) > 0 {
		o.signalGuardian(unix.SIGKILL, supervisor)
		o.signalGuardian(unix.SIGKILL, worker)
	}
}
