package live

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// ReadFlows dumps the conntrack table of the calling thread's network
// namespace, both families. It needs CAP_NET_ADMIN there.
func ReadFlows(ctx context.Context) (FlowSnapshot, error) {
	conn, err := dialDump()
	if err != nil {
		return FlowSnapshot{}, err
	}
	defer conn.Close()
	var flows FlowList
	if err := dumpFlows(ctx, conn, flows.Append); err != nil {
		return FlowSnapshot{}, err
	}
	snap := snapshotNow()
	snap.Flows = flows
	return snap, nil
}

// snapshotNow is a snapshot without flows: the time and the settings.
func snapshotNow() FlowSnapshot {
	return FlowSnapshot{At: time.Now(), Accounting: readSysctl(sysctlAccounting) == 1, Max: readSysctl(sysctlMax)}
}

// dialDump connects to the netfilter of the calling thread's network
// namespace; the connection stays there, whichever thread uses it.
func dialDump() (*netlink.Conn, error) {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return nil, fmt.Errorf("connect to netfilter: %w", err)
	}
	return conn, nil
}

// dumpFlows gives every flow of the connection's namespace to take, which must
// not keep it.
func dumpFlows(ctx context.Context, conn *netlink.Conn, take func(*Flow)) error {
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Send(dumpRequest()); err != nil {
		return fmt.Errorf("dump conntrack table: %w", err)
	}
	var f Flow // one for all: take makes it escape
	err := receiveDump(conn, func(payload []byte) (err error) {
		if f, err = decodeFlow(payload); err == nil {
			take(&f)
		}
		return err
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("dump conntrack table: %w", err)
	}
	return nil
}

// dumpRequest asks for every flow of both families: IPCTNL_MSG_CT_GET of
// NFNL_SUBSYS_CTNETLINK with an empty struct nfgenmsg.
func dumpRequest() netlink.Message {
	const subsystem, get = unix.NFNL_SUBSYS_CTNETLINK, 1
	return netlink.Message{
		Header: netlink.Header{Type: subsystem<<8 | get, Flags: netlink.Request | netlink.Dump},
		Data:   []byte{unix.AF_UNSPEC, unix.NFNETLINK_V0, 0, 0},
	}
}

// The sysctls of conntrack. The kernel resolves them for the network namespace
// of the thread that opens them; the limit is the machine's.
const (
	sysctlCount      = "/proc/sys/net/netfilter/nf_conntrack_count"
	sysctlAccounting = "/proc/sys/net/netfilter/nf_conntrack_acct"
	sysctlMax        = "/proc/sys/net/netfilter/nf_conntrack_max"
)

// readSysctl is 0 when conntrack is not loaded.
func readSysctl(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

// EnableAccounting switches net.netfilter.nf_conntrack_acct on for the calling
// thread's network namespace. Flows that exist already stay without counters:
// the kernel adds them when a flow begins.
func EnableAccounting() error {
	if err := os.WriteFile(sysctlAccounting, []byte("1"), 0); err != nil {
		return fmt.Errorf("switch conntrack accounting on: %w", err)
	}
	return nil
}
