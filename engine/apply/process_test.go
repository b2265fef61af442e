package apply

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// F12: logind may end everything in the control group of a login.
func TestAGuardianLeavesTheControlGroupOfALogin(t *testing.T) {
	self := strconv.Itoa(os.Getpid())
	for _, c := range []struct{ name, own, want string }{
		{"a login", "0::/user.slice/user-1000.slice/session-3.scope\n", self},
		{"a login, beside hierarchies of version 1", "12:cpu:/\n0::/user.slice/user-0.slice/session-1.scope\n", self},
		{"a service", "0::/system.slice/cron.service\n", ""},
		{"version 1 alone", "3:name=systemd:/user.slice/user-1000.slice/session-3.scope\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			own := filepath.Join(dir, "cgroup")
			if err := os.WriteFile(own, []byte(c.own), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := leaveSession(own, dir); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs")); string(got) != c.want {
				t.Errorf("moved process %q, want %q", got, c.want)
			}
		})
	}
}
