package lab

import (
	"os"
	"strconv"
	"strings"
)

// obstacles are the settings of a machine that can forbid private namespaces.
// A setting that this kernel does not have is -1.
type obstacles struct {
	root bool
	// sysAdmin is whether the process has CAP_SYS_ADMIN.
	sysAdmin bool
	// seccomp is whether a filter of system calls is active, as in most
	// containers.
	seccomp bool
	// maxUserNamespaces is user.max_user_namespaces.
	maxUserNamespaces int
	// usernsClone is kernel.unprivileged_userns_clone, a patch of Debian and
	// its relatives.
	usernsClone int
	// apparmorRestrict is kernel.apparmor_restrict_unprivileged_userns of
	// Ubuntu 23.10 and later: the namespace can be made but has no rights.
	apparmorRestrict int
}

func readObstacles() obstacles {
	status := readStatus()
	caps, _ := strconv.ParseUint(status["CapEff"], 16, 64)
	const sysAdmin = 21
	return obstacles{
		root:              os.Geteuid() == 0,
		sysAdmin:          caps>>sysAdmin&1 != 0,
		seccomp:           status["Seccomp"] == "2",
		maxUserNamespaces: readSetting("/proc/sys/user/max_user_namespaces"),
		usernsClone:       readSetting("/proc/sys/kernel/unprivileged_userns_clone"),
		apparmorRestrict:  readSetting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
	}
}

// readStatus reads the fields of /proc/self/status.
func readStatus() map[string]string {
	fields := map[string]string{}
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		fields[name] = strings.TrimSpace(value)
	}
	return fields
}

func readSetting(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return -1
	}
	return n
}

// advice says what is missing and what to do about it.
func (o obstacles) advice() string {
	if o.root && o.sysAdmin && !o.seccomp {
		return "this kernel refuses it although the process has CAP_SYS_ADMIN"
	}
	var missing []string
	if o.root && !o.sysAdmin {
		missing = append(missing, "this root lacks CAP_SYS_ADMIN (in a container, start it with --cap-add SYS_ADMIN --cap-add NET_ADMIN)")
	}
	if o.maxUserNamespaces == 0 {
		missing = append(missing, "user namespaces are switched off (sysctl user.max_user_namespaces=15000 switches them on)")
	}
	if o.usernsClone == 0 && !o.root {
		missing = append(missing, "user namespaces are for root alone (sysctl kernel.unprivileged_userns_clone=1 opens them)")
	}
	if o.apparmorRestrict > 0 && !o.root {
		missing = append(missing, "AppArmor takes the rights from user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0 leaves them)")
	}
	if o.seccomp {
		missing = append(missing, "a filter of system calls is active, as in a container (start it with --security-opt seccomp=unconfined)")
	}
	if len(missing) == 0 {
		missing = append(missing, "user namespaces do not work here")
	}
	if !o.root {
		missing = append(missing, "running this as root needs none of that")
	}
	return strings.Join(missing, "; ")
}
