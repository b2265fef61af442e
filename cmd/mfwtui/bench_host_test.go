package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine"
	"github.com/mfwtui/mfwtui/engine/apply"
	"github.com/mfwtui/mfwtui/engine/host"
)

// program is the path of the program that is measured: MFWTUI_BIN, or one that
// is built as make build does.
func program(b *testing.B) string {
	b.Helper()
	if bin := os.Getenv("MFWTUI_BIN"); bin != "" {
		return bin
	}
	bin := filepath.Join(b.TempDir(), "mfwtui")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// usage is what one run of a process took: milliseconds, and the peak of its
// memory in MB. The fork of a process counts what its parent holds, so the
// peak is an upper bound.
type usage struct{ wall, cpu, peak float64 }

type usages []usage

func (l usages) wall() []float64 { return l.each(func(u usage) float64 { return u.wall }) }
func (l usages) cpu() []float64  { return l.each(func(u usage) float64 { return u.cpu }) }
func (l usages) peak() []float64 { return l.each(func(u usage) float64 { return u.peak }) }

func (l usages) each(f func(usage) float64) []float64 {
	var out []float64
	for _, u := range l {
		out = append(out, f(u))
	}
	return out
}

// measure runs a process that must end with a status, and gives what it wrote
// on standard output.
func measure(b *testing.B, cmd *exec.Cmd, status int) (usage, []byte) {
	b.Helper()
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		b.Fatalf("%v: %v, want exit status %d\n%s%s", cmd, err, status, out.Bytes(), complaints.Bytes())
	}
	ps := cmd.ProcessState
	return usage{
		wall: milliseconds(took),
		cpu:  milliseconds(ps.UserTime() + ps.SystemTime()),
		peak: float64(ps.SysUsage().(*syscall.Rusage).Maxrss) / 1024,
	}, out.Bytes()
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

func last(list []float64) float64 { return list[len(list)-1] }

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// report prints a median in the line of a benchmark, whose own time for one
// operation means nothing here.
func report(b *testing.B, list []float64, unit string) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(list), unit)
}

// benchTerminal is a terminal that shows a program and answers no query.
type benchTerminal struct {
	b    *testing.B
	cmd  *exec.Cmd
	file *os.File
	seen []byte
}

func openTerminal(b *testing.B, cmd *exec.Cmd) *benchTerminal {
	b.Helper()
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		b.Fatal(err)
	}
	_ = file.SetReadDeadline(time.Now().Add(10 * time.Second))
	return &benchTerminal{b: b, cmd: cmd, file: file}
}

// await waits until the program has written a word.
func (t *benchTerminal) await(word string) {
	t.b.Helper()
	for !bytes.Contains(t.seen, []byte(word)) {
		if err := t.read(); err != nil {
			t.kill()
			t.b.Fatalf("no %q: %v; the program wrote %q", word, err, t.seen)
		}
	}
}

func (t *benchTerminal) read() error {
	buf := make([]byte, 64<<10)
	n, err := t.file.Read(buf)
	t.seen = append(t.seen, buf[:n]...)
	return err
}

// awaitEnd reads until the program has ended, which a terminal tells by an
// error.
func (t *benchTerminal) awaitEnd() {
	t.b.Helper()
	for t.read() == nil {
	}
	if err := t.cmd.Wait(); err != nil {
		t.b.Fatalf("%v: %v", t.cmd, err)
	}
	t.file.Close()
}

func (t *benchTerminal) kill() {
	_ = t.cmd.Process.Kill()
	_ = t.cmd.Wait()
	t.file.Close()
}

// phases are the times of each step of many transactions, in order.
type phases struct {
	names []string
	took  map[string][]float64
}

func newPhases() *phases { return &phases{took: map[string][]float64{}} }

func (p *phases) add(list []apply.Phase) {
	for _, one := range list {
		if p.took[one.Name] == nil {
			p.names = append(p.names, one.Name)
		}
		p.took[one.Name] = append(p.took[one.Name], milliseconds(one.Took))
	}
}

func (p *phases) String() string {
	var b strings.Builder
	b.WriteString("steps of the guardian in ms:")
	for _, name := range p.names {
		fmt.Fprintf(&b, " %s %.1f,", name, median(p.took[name]))
	}
	return strings.TrimSuffix(b.String(), ",")
}

// sinceRehearsal are the steps that wait for the rehearsal: all from the plan on.
func sinceRehearsal(b *testing.B, list []apply.Phase) []apply.Phase {
	b.Helper()
	first := slices.IndexFunc(list, func(p apply.Phase) bool { return p.Name == "plan" })
	if first < 0 {
		b.Fatalf("no plan among the steps %v", list)
	}
	return list[first:]
}

func total(list []apply.Phase) float64 {
	sum := 0.0
	for _, p := range list {
		sum += milliseconds(p.Took)
	}
	return sum
}

// manyRows writes tables of so many rules, of which each makes one kernel rule
// for IPv4 and one for IPv6.
func manyRows(b *testing.B, rows int) string {
	b.Helper()
	files := map[string]*strings.Builder{}
	for _, name := range []string{"addresses", "services", "interfaces", "rules", "virtuals"} {
		files[name] = &strings.Builder{}
	}
	// The tools take a long time for a rule with a UDP port (they look it up as
	// a name): a tenth of the rows have one.
	zones, services := []string{"ext", "int", "dmz"}, []string{"ssh", "web", "ssh", "web", "ssh", "web", "ssh", "web", "ssh", "ntp"}
	for i, zone := range zones {
		fmt.Fprintf(files["interfaces"], "eth%d %s -\n", i, zone)
	}
	files["services"].WriteString("ssh 22 -\nweb 443 -\nntp - 123\nnew 8443 -\n")
	for i := range 250 {
		fmt.Fprintf(files["addresses"], "host%d 10.0.%d.1 fd00::%x\n", i, i, i+1)
	}
	for i := range rows {
		// Between zones: inside of one with a single interface nothing passes.
		src, dst := zones[i%3], []string{zones[(i+1)%3], "FW"}[i/3%2]
		fmt.Fprintf(files["rules"], "%s %s host%d host%d %s accept\n", src, dst, i%250, i/250, services[i/6%len(services)])
	}
	dir := b.TempDir()
	for name, text := range files {
		writeTable(b, dir, name, []byte(text.String()))
	}
	return dir
}

// oneRowChanged copies tables and changes the service of a row in the middle.
func oneRowChanged(b *testing.B, from string) string {
	b.Helper()
	dir := b.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		b.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(from, "rules"))
	if err != nil {
		b.Fatal(err)
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	cells := bytes.Fields(lines[len(lines)/2])
	cells[4] = []byte("new")
	lines[len(lines)/2] = append(bytes.Join(cells, []byte(" ")), '\n')
	writeTable(b, dir, "rules", bytes.Join(lines, nil))
	return dir
}

func writeTable(b *testing.B, dir, name string, data []byte) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		b.Fatal(err)
	}
}

// benchHost is a firewall host in namespaces of its own. It stands on the OS
// thread that made it, and ends with it.
type benchHost struct{ state, run string }

// onHosts runs a benchmark on a host of each back end.
func onHosts(b *testing.B, f func(b *testing.B, h benchHost)) {
	for _, backend := range []host.Backend{host.NFT, host.Legacy} {
		b.Run(string(backend), func(b *testing.B) {
			runtime.LockOSThread() // never unlocked: the thread ends with the benchmark
			if err := isolate(backend); err != nil && os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
				b.Fatal(err)
			} else if err != nil {
				b.Skip(err)
			}
			f(b, benchHost{state: b.TempDir(), run: "/run/mfwtui-bench"})
		})
	}
}

// isolate gives the calling thread a network of its own, a /run of its own in
// memory, as a host has it, where the lock of the legacy tools is, and makes
// the name iptables lead to a back end.
func isolate(backend host.Backend) error {
	if err := unix.Unshare(unix.CLONE_NEWNET | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("make namespaces: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for _, dir := range []string{"/run", "/etc/alternatives"} {
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755"); err != nil {
			return fmt.Errorf("mount a private %s: %w", dir, err)
		}
	}
	for _, family := range []string{"iptables", "ip6tables"} {
		for _, tool := range []string{"", "-save", "-restore"} {
			target := "/usr/sbin/" + family + "-" + string(backend) + tool
			if _, err := os.Stat(target); err != nil {
				return err
			}
			if err := os.Symlink(target, "/etc/alternatives/"+family+tool); err != nil {
				return err
			}
		}
	}
	return nil
}

// command is the program on this host.
func (h benchHost) command(bin, dir string, args ...string) *exec.Cmd {
	return exec.Command(bin, append([]string{"-C", dir, "--state", h.state, "--run", h.run}, args...)...)
}

// load applies tables with the program itself.
func (h benchHost) load(b *testing.B, bin, dir string) {
	b.Helper()
	measure(b, h.command(bin, dir, "apply", "--yes"), 0)
	h.settle(b)
}

// settle waits until no guardian is left.
func (h benchHost) settle(b *testing.B) {
	b.Helper()
	for end := time.Now().Add(10 * time.Second); h.busy(b); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatal("the guardian does not end")
		}
	}
}

// busy reports whether somebody holds the lock of a transaction.
func (h benchHost) busy(b *testing.B) bool {
	b.Helper()
	f, err := os.Open(filepath.Join(h.run, "tx.lock"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil
}

// saves runs at once what a difference reads, and gives the milliseconds until
// the last has ended.
func (h benchHost) saves(b *testing.B) float64 {
	b.Helper()
	begin := time.Now()
	var running []*exec.Cmd
	for _, args := range [][]string{{"iptables-save", "-c"}, {"ip6tables-save", "-c"}, {"ipset", "save"}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdout = new(bytes.Buffer)
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			b.Fatalf("%v: %v", cmd, err)
		}
	}
	return milliseconds(time.Since(begin))
}

// bareRestore saves the rules, and loads them again with the bare tools, one
// family after the other; it gives the milliseconds of the loading.
func (h benchHost) bareRestore(b *testing.B) float64 {
	b.Helper()
	sum := 0.0
	for _, family := range []string{"iptables", "ip6tables"} {
		_, text := measure(b, exec.Command(family+"-save"), 0)
		cmd := exec.Command(family + "-restore")
		cmd.Stdin = bytes.NewReader(text)
		u, _ := measure(b, cmd, 0)
		sum += u.wall
	}
	return sum
}

// unrehearsed is the kernel of this host with a type that apply does not
// rehearse on.
type unrehearsed struct{ *host.Real }

// change applies tables, and gives the milliseconds from the compiled rules to
// the confirmation.
func (h benchHost) change(b *testing.B, bin, dir string, yes bool) (float64, engine.TrialStatus) {
	b.Helper()
	e := engine.New(engine.Config{
		Dir: dir, State: h.state, Run: h.run, Guardian: []string{bin, guardianWord},
		Kernel: unrehearsed{host.NewReal(host.Options{})},
	})
	set, problems := e.Load()
	if problems.HasErrors() {
		b.Fatal(problems)
	}
	p, err := e.Preview(b.Context(), set)
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	st, err := e.Apply(b.Context(), p, engine.ApplyRequest{Timeout: engine.MinTimeout, Yes: yes})
	if err == nil && !yes {
		st, err = e.Confirm(b.Context(), st.Code)
	}
	took := time.Since(begin)
	if err != nil || st.State != engine.Confirmed {
		b.Fatalf("%s: %v", st.State, err)
	}
	h.settle(b)
	return milliseconds(took), st
}
