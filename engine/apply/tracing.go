package apply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/host"
	"github.com/mfwtui/mfwtui/engine/plan"
)

// TracePackets lets the kernel tell which rules packets meet while listen runs.
// listen gets ready to hear, then calls load, which sets the rules that trace,
// and listens. Afterwards everything is taken away again; when this process
// dies, the rules end by themselves after so many seconds, and any later command
// removes them.
//
// With a back end that tells through the log of the kernel, the log is turned to
// netlink meanwhile, for this network namespace.
//
// It holds the lock of a transaction, so that none begins meanwhile, and fails
// with *PendingError when one is under way.
func TracePackets(ctx context.Context, k host.Kernel, paths Paths, steps plan.Steps, throughLog bool, listen func(load func() error) error) error {
	held, err := lockWhenIdle(ctx, paths)
	if err != nil {
		return fmt.Errorf("trace packets: %w", err)
	}
	defer held.Close()
	t := newTxn(k, paths)
	if todo, err := t.inherit(ctx); err != nil || todo != remedyNone {
		return errors.New("trace packets: an apply did not end cleanly; mfwtui status puts that right")
	}
	if _, err := t.removeStray(ctx); err != nil {
		return fmt.Errorf("trace packets: %w", err)
	}
	err = listen(func() error {
		if throughLog {
			if err := turnLog(paths); err != nil {
				return err
			}
		}
		return run(ctx, k, steps)
	})
	// Whatever happened, nothing of it stays; the log goes back last, so that
	// it does not get what is on its way.
	_, cleaned := t.removeStray(context.WithoutCancel(ctx))
	if err := errors.Join(err, cleaned); err != nil {
		return fmt.Errorf("trace packets: %w", err)
	}
	return nil
}

// The loggers of the kernel, by family: what TRACE of the legacy back end, and
// conntrack about invalid packets, write to. Rules with LOG and NFLOG have their
// own. The files are of the network namespace of the thread that opens them.
const loggerDir = "/proc/sys/net/netfilter/nf_log"

// netlinkLogger is the logger that programs can read.
const netlinkLogger = "nfnetlink_log"

// loggersFile of Paths.Run notes the loggers from before a trace, for whoever
// comes after a process that died.
const loggersFile = "loggers"

var loggerFamilies = [...]string{fmt.Sprint(unix.NFPROTO_IPV4), fmt.Sprint(unix.NFPROTO_IPV6)}

// turnLog turns the loggers to netlink, after a note of what they were.
func turnLog(paths Paths) error {
	var note strings.Builder
	for _, family := range loggerFamilies {
		was, err := os.ReadFile(filepath.Join(loggerDir, family))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the kernel's logger: %w", err)
		}
		fmt.Fprintf(&note, "%s %s\n", family, strings.TrimSpace(string(was)))
	}
	if err := renameio.WriteFile(filepath.Join(paths.Run, loggersFile), []byte(note.String()), 0o600); err != nil {
		return fmt.Errorf("note the kernel's loggers: %w", err)
	}
	for line := range strings.Lines(note.String()) {
		if family, was, ok := strings.Cut(strings.TrimSpace(line), " "); ok && was != netlinkLogger {
			if err := setLogger(family, netlinkLogger); err != nil {
				return err
			}
		}
	}
	return nil
}

// turnLogBack sets the loggers to what the note says, if there is one.
func turnLogBack(paths Paths) error {
	name := filepath.Join(paths.Run, loggersFile)
	note, err := readFile(name, 1<<10)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the note about loggers: %w", err)
	}
	for line := range strings.Lines(string(note)) {
		family, was, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, known := range loggerFamilies {
			if family == known {
				err = errors.Join(err, setLogger(family, was))
			}
		}
	}
	return errors.Join(err, os.Remove(name))
}

func setLogger(family, name string) error {
	if err := os.WriteFile(filepath.Join(loggerDir, family), []byte(name), 0); err != nil {
		return fmt.Errorf("set the kernel's logger: %w", err)
	}
	return nil
}
