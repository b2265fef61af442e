package apply

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// restartPause is what lies between the death of a worker and the next.
	restartPause = 50 * time.Millisecond
	// giveUpAfter deaths the worker is told to roll back instead of resuming,
	// and after restartLimit the kernel's own timeout has to do.
	giveUpAfter  = 3
	restartLimit = 20
)

// supervise takes the lock and keeps a worker running until one ends by
// itself. The lock belongs to the open file that all of them share, so it is
// held as long as any of them lives.
func supervise(a guardArgs, args []string) error {
	var l *link // none when a journal is to be continued
	if !a.resume {
		var err error
		if l, err = openLink(os.NewFile(linkFd, "link")); err != nil {
			return err
		}
	}
	held, err := lock(a.paths)
	if err != nil && l != nil {
		return l.send(readyMessage{Refused: report(Status{}, err)})
	}
	if err != nil {
		return err
	}
	// What a worker leaves running when it dies becomes a child of this
	// process, which ends it before the next worker looks at the kernel.
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	a.role = roleWorker
	for deaths := 0; deaths < restartLimit; deaths++ {
		if err := runWorker(a, args, l, held); err == nil {
			return nil
		}
		a.resume, a.undo, l = true, deaths+1 >= giveUpAfter, nil
		reapOrphans()
		time.Sleep(restartPause)
	}
	return errors.New("guardian: the worker died too often")
}

// runWorker runs one worker to its end. The first one gets the link: once it
// has it, its death is what the console sees.
func runWorker(a guardArgs, args []string, l *link, held *os.File) error {
	command := append(guardianCommand(args), a.list()...)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.SysProcAttr = ownSession()
	cmd.ExtraFiles = []*os.File{nil, held}
	if l != nil {
		cmd.ExtraFiles[0] = l.file
	}
	err := cmd.Start()
	if l != nil {
		l.close()
	}
	if err != nil {
		return err
	}
	return cmd.Wait()
}

// reapOrphans kills and collects the children that this process inherited.
func reapOrphans() {
	for {
		for _, pid := range children() {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		if _, err := unix.Wait4(-1, nil, 0, nil); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// children are the processes whose parent is this one.
func children() []int {
	var pids []int
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		b, err := os.ReadFile("/proc/self/task/" + e.Name() + "/children")
		if err != nil {
			continue
		}
		for word := range strings.FieldsSeq(string(b)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
