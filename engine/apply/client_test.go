package apply

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// F84: who is not root listens in the guardian's place. Nobody believes that his
// rules were confirmed.
func TestASocketOfSomebodyElseIsNotBelieved(t *testing.T) {
	if os.Geteuid() != 0 {
		needs(t, "root")
	}
	paths := Paths{State: t.TempDir(), Run: t.TempDir()}
	if err := errors.Join(os.Chmod(filepath.Dir(paths.Run), 0o711), os.Chmod(paths.Run, 0o777)); err != nil {
		t.Fatal(err)
	}
	l := listenAs(t, 65534, filepath.Join(paths.Run, socketFile))
	defer l.Close()
	if s, err := Confirm(t.Context(), paths, "ABCD", "bob"); err == nil || !strings.Contains(err.Error(), "somebody else than root listens on its socket") {
		t.Errorf("confirm: %+v, %v", s, err)
	}
}

func TestASecondApplyLearnsWhoIsFirstAndWhatToDo(t *testing.T) {
	since := time.Date(2026, 11, 26, 14, 3, 10, 0, time.UTC)
	for _, c := range []struct {
		name   string
		status Status
		want   string
	}{
		{"on trial", Status{ID: "1", State: Trial, Who: "alice", Since: since, Left: 17 * time.Second}, "alice applies since 14:03:10, 17s left; confirm or reject that first, or wait"},
		{"not yet, or not any more", Status{ID: "1", State: Confirming, Who: "alice", Since: since}, "alice applies since 14:03:10; wait until that is done"},
		{"not known", Status{}, "another apply is pending"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (&PendingError{c.status}).Error(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// listenAs makes a socket of another user: who that is belongs to the thread
// that makes it.
func listenAs(t *testing.T, uid uintptr, name string) net.Listener {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const unchanged = ^uintptr(0)
	become := func(uid uintptr) {
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, unchanged, uid, unchanged); errno != 0 {
			panic(errno) // a thread of another user must not go on as one of root
		}
	}
	become(uid)
	l, err := net.Listen("unix", name)
	become(0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
