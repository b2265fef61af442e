package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// ErrClosed is what a Namespace answers after Close.
var ErrClosed = errors.New("network namespace is closed")

// Namespace is one network namespace. It has no name in the file system: it
// ends when it is closed and the last process and interface in it is gone.
//
// Every method is safe for concurrent use.
type Namespace struct {
	mu   sync.Mutex
	file *os.File // nil after Close
}

// NewNamespace makes an empty network namespace with lo up. It needs
// CAP_SYS_ADMIN, also one that holds only inside a user namespace.
func NewNamespace() (*Namespace, error) {
	var n Namespace
	err := onDiscardedThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		f, err := os.Open(threadNS)
		if err != nil {
			return err
		}
		n.file = f
		return linkUp("lo")
	})
	if err != nil {
		n.Close()
		return nil, fmt.Errorf("make network namespace: %w", err)
	}
	return &n, nil
}

// CurrentNamespace is the network namespace of the calling thread.
func CurrentNamespace() (*Namespace, error) {
	f, err := os.Open(threadNS)
	if err != nil {
		return nil, fmt.Errorf("open own network namespace: %w", err)
	}
	return &Namespace{file: f}, nil
}

// OpenNamespace is the network namespace behind a file, such as a mount that a
// container engine made for a container.
func OpenNamespace(path string) (*Namespace, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open network namespace: %w", err)
	}
	return &Namespace{file: f}, nil
}

// threadNS is the namespace of the calling thread; /proc/self would be that
// of the first thread of the process.
const threadNS = "/proc/thread-self/ns/net"

// Do runs f on an OS thread inside the namespace. The thread is its own and is
// discarded afterwards, so any number of calls may run at the same time.
//
// Programs that f starts inherit the namespace, and sockets that f opens stay
// in it for ever; goroutines that f starts do not run in it. A program with
// Pdeathsig is signalled when f returns, since that ends its parent thread.
func (n *Namespace) Do(f func() error) error {
	return n.withFd(func(fd int) error {
		return onDiscardedThread(func() error {
			if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("enter network namespace: %w", err)
			}
			return f()
		})
	})
}

// withFd runs f with a descriptor of the namespace that a concurrent Close
// leaves open.
func (n *Namespace) withFd(f func(fd int) error) error {
	n.mu.Lock()
	if n.file == nil {
		n.mu.Unlock()
		return ErrClosed
	}
	fd, err := unix.FcntlInt(n.file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	n.mu.Unlock()
	if err != nil {
		return fmt.Errorf("duplicate namespace descriptor: %w", err)
	}
	defer unix.Close(fd)
	return f(fd)
}

// Close lets the namespace end as soon as the running calls of Do return.
func (n *Namespace) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file == nil {
		return nil
	}
	err := n.file.Close()
	n.file = nil
	return err
}

// Run runs a program in the namespace, without standard input, and returns
// what it printed on both streams. The error holds that text too.
func (n *Namespace) Run(ctx context.Context, name string, args ...string) (string, error) {
	return n.RunInput(ctx, "", name, args...)
}

// RunInput is Run with a standard input.
func (n *Namespace) RunInput(ctx context.Context, input, name string, args ...string) (string, error) {
	var out []byte
	err := n.Do(func() (err error) {
		cmd := exec.CommandContext(ctx, name, args...)
		cmd.Stdin = strings.NewReader(input)
		out, err = cmd.CombinedOutput()
		return err
	})
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), err
}

// SetSysctl writes a value below /proc/sys, for instance
// SetSysctl("net/ipv4/ip_forward", "1"). Only the net subtree belongs to a
// namespace; every other key is refused.
func (n *Namespace) SetSysctl(key, value string) error {
	return n.Do(func() error { return writeSysctl(key, value) })
}

func (n *Namespace) setSysctls(settings []sysctl) error {
	return n.Do(func() error {
		for _, s := range settings {
			err := writeSysctl(s.key, s.value)
			if err != nil && !(s.optional && errors.Is(err, os.ErrNotExist)) {
				return err
			}
		}
		return nil
	})
}

// writeSysctl sets a sysctl of the calling thread's namespace: the kernel
// resolves /proc/sys/net for the thread that opens it.
func writeSysctl(key, value string) error {
	if !strings.HasPrefix(key, "net/") || strings.Contains(key, "..") {
		return fmt.Errorf("sysctl %q does not belong to a network namespace", key)
	}
	if err := os.WriteFile("/proc/sys/"+key, []byte(value), 0); err != nil {
		return fmt.Errorf("set %s=%s: %w", key, value, err)
	}
	return nil
}

// onDiscardedThread runs f on a locked OS thread and waits for it. The
// goroutine ends without unlocking, so the runtime ends the thread and nobody
// inherits what f did to it.
func onDiscardedThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := errors.New("left by runtime.Goexit") // f called t.FailNow or the like
		defer func() { done <- err }()
		err = f()
	}()
	return <-done
}

func linkUp(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find interface %s: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("set interface %s up: %w", name, err)
	}
	return nil
}
