package lab

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// quotaBytes is from how many bytes on a write fails in OverQuota: the runtime's
// own writes, which wake its poller, are of 8. One of sparedBytes does not: package
// testing notes which files a test opens, through a bufio.Writer of that size, on
// whatever thread its buffer is full.
const (
	quotaBytes  = 64
	sparedBytes = 4096
)

// OverQuota runs f on a thread of its own whose writes fail with EDQUOT, as
// those of a user do whose disk quota is used up, but for those of less than 64
// and of 4096 bytes. What f starts on other threads is not concerned. It needs no
// privilege: a seccomp filter answers the writes, and ends with the thread.
func OverQuota(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := refuseWrites(unix.EDQUOT); err != nil {
			done <- fmt.Errorf("filter the system calls of a thread: %w", err)
			return
		}
		done <- f()
	}()
	return <-done
}

// refuseWrites makes write(2) on this thread fail.
func refuseWrites(with unix.Errno) error {
	const number, count = 0, 16 + 2*8 // offsets in struct seccomp_data: nr, and the low half of args[2]
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_WRITE, Jf: 4},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: count},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: sparedBytes, Jt: 2},
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: quotaBytes, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(with)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}
