package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// console is the program on a pseudo-terminal of 80 by 24, whose screen is read
// as a person reads it.
type console struct {
	*login
	cmd           *exec.Cmd
	master, slave *os.File      // the slave is kept, to look at its mode
	initial       unix.Termios  // the mode before the console was opened
	ended         chan struct{} // the program has ended
	unread        chan struct{} // nobody reads the terminal any more

	mu     sync.Mutex // of what follows; the emulator's own lock does not cover String
	screen *vt.SafeEmulator
	sent   bytes.Buffer // all that the program wrote
}

// terminalAnswers is how a terminal treats queries.
type terminalAnswers time.Duration

// never is a terminal that answers no query.
const never terminalAnswers = -1

// open starts the console.
func (l *login) open(answers terminalAnswers, env ...string) *console {
	l.Helper()
	return l.start(answers, nil, env)
}

// start starts the program on a terminal that answers queries after a delay.
func (l *login) start(answers terminalAnswers, args, env []string) *console {
	l.Helper()
	master, slave, err := pty.Open()
	l.must(err)
	// A shell hands over a terminal that blocks; the library opens one that does not.
	l.must(unix.SetNonblock(int(slave.Fd()), false))
	l.must(pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: 80}))
	c := &console{login: l, master: master, slave: slave, ended: make(chan struct{}), unread: make(chan struct{}), screen: vt.NewSafeEmulator(80, 24)}
	c.initial = c.mode()
	c.cmd = l.command("mfwtui", args...)
	c.cmd.Env = append(c.cmd.Env[:len(c.cmd.Env):len(c.cmd.Env)], env...)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = slave, slave, slave
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	l.must(c.cmd.Start())
	go func() { _ = c.cmd.Wait(); close(c.ended) }()
	go c.read()
	go c.answer(answers)
	l.Cleanup(c.close)
	return c
}

func (c *console) close() {
	_ = c.cmd.Process.Kill()
	<-c.ended
	c.master.Close()
	c.slave.Close()
	_ = c.screen.InputPipe().(io.Closer).Close() // Close itself races with Read
}

// read drains the terminal until it is closed or stalls.
func (c *console) read() {
	defer close(c.unread)
	buf := make([]byte, 4096)
	for {
		n, err := c.master.Read(buf)
		c.mu.Lock()
		c.sent.Write(buf[:n])
		_, _ = c.screen.Write(buf[:n])
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// answer passes on what the terminal answers by itself.
func (c *console) answer(after terminalAnswers) {
	buf := make([]byte, 256)
	for {
		n, err := c.screen.Read(buf)
		if err != nil {
			return
		}
		if after == never {
			continue
		}
		text := string(buf[:n])
		time.AfterFunc(time.Duration(after), func() { _, _ = io.WriteString(c.master, text) })
	}
}

// text is the screen as a person sees it.
func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.screen.String()
}

// output is all that the program wrote so far.
func (c *console) output() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent.String()
}

// waits until the screen shows one of these texts.
func (c *console) waits(texts ...string) {
	c.Helper()
	for limit := time.Now().Add(patience); !slices.ContainsFunc(texts, c.shows); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			c.Fatalf("the screen never showed %q:\n%s", texts, c.text())
		}
	}
}

func (c *console) shows(text string) bool { return strings.Contains(c.text(), text) }

// shownAll fails the test unless the screen shows all of these texts.
func (c *console) shownAll(texts ...string) {
	c.Helper()
	for _, text := range texts {
		if !c.shows(text) {
			c.Errorf("the screen does not show %q:\n%s", text, c.text())
		}
	}
}

// types sends keys as a terminal does.
func (c *console) types(keys string) {
	c.Helper()
	_, err := io.WriteString(c.master, keys)
	c.must(err)
}

// calmly types after a pause in which a dialog begins to listen.
func (c *console) calmly(keys string) {
	c.Helper()
	time.Sleep(400 * time.Millisecond)
	c.types(keys)
}

// stall leaves the terminal unread, and fills its buffer so that the next frame
// blocks the console.
func (c *console) stall() {
	c.Helper()
	c.must(c.master.SetReadDeadline(time.Now()))
	<-c.unread
	fd, err := unix.Open(c.slave.Name(), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	c.must(err)
	defer unix.Close(fd)
	for quiet := 0; quiet < 3; quiet++ { // the kernel makes room in the background
		for {
			if _, err := unix.Write(fd, []byte("                ")); err != nil {
				break
			}
			quiet = 0
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// mode is the mode of the terminal.
func (c *console) mode() unix.Termios {
	c.Helper()
	t, err := unix.IoctlGetTermios(int(c.slave.Fd()), unix.TCGETS)
	c.must(err)
	return *t
}

// status waits for the end of the program.
func (c *console) status() int {
	c.Helper()
	select {
	case <-c.ended:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		c.Fatalf("the console does not end:\n%s", c.text())
		return -1
	}
}

// quits leaves the console, which must put the terminal right.
func (c *console) quits() {
	c.Helper()
	c.types("q")
	if got := c.status(); got != 0 {
		c.Errorf("the console ended with %d", got)
	}
	if c.mode() != c.initial {
		c.Error("the console left the terminal in its own mode")
	}
}

// drained waits until what the program wrote was read.
func (c *console) drained() {
	c.Helper()
	const mark = "the end of the output"
	_, err := io.WriteString(c.slave, mark)
	c.must(err)
	c.until(patience, "the terminal is read", func() bool { return strings.HasSuffix(c.output(), mark) })
	c.mu.Lock()
	c.sent.Truncate(c.sent.Len() - len(mark))
	c.mu.Unlock()
}

// unreadInput is what the next program would read, complete line or not.
func (c *console) unreadInput() string {
	c.Helper()
	raw := c.mode()
	raw.Lflag &^= unix.ICANON
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 0, 0
	c.must(unix.IoctlSetTermios(int(c.slave.Fd()), unix.TCSETS, &raw))
	buf := make([]byte, 256)
	n, err := unix.Read(int(c.slave.Fd()), buf)
	if err != nil {
		c.Fatalf("read the terminal: %v", err)
	}
	return string(buf[:n])
}

// shownCode is where the trial screen shows the code.
var shownCode = regexp.MustCompile(`you can read this code +([A-Z0-9]{4})`)

// code reads the code from the screen of the trial.
func (c *console) code() string {
	c.Helper()
	c.waits("you can read this code")
	screen := c.text()
	code := shownCode.FindStringSubmatch(screen)
	if code == nil {
		c.Fatalf("the screen shows no code:\n%s", screen)
	}
	return code[1]
}

// review takes the console from its first screen to the dialog before an apply.
func (c *console) review() {
	c.Helper()
	c.waits("LIVE")
	c.types("3")
	c.waits("v4  filter")
	c.types("A")
	c.waits("no, go back")
}
