package host

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// needKernel skips a test that needs root and the firewall tools, or fails it
// when MFWTUI_TEST_KERNEL is "must".
func needKernel(tb testing.TB) {
	tb.Helper()
	give := tb.Skipf
	if os.Getenv("MFWTUI_TEST_KERNEL") == "must" {
		give = tb.Fatalf
	}
	if os.Geteuid() != 0 {
		give("needs root to make network namespaces")
	}
	for _, tool := range []string{"iptables-nft-restore", "ip6tables-nft-restore", "iptables-legacy-restore", "ip6tables-legacy-restore", "ipset"} {
		if _, err := findTool(tool); err != nil {
			give("needs %s: %v", tool, err)
		}
	}
}

// enterNamespace moves the test into a new network namespace. The thread is
// never unlocked, so it ends with the goroutine of the test.
func enterNamespace(tb testing.TB) {
	tb.Helper()
	needKernel(tb)
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		tb.Fatalf("make a network namespace: %v", err)
	}
}
