package apply

import (
	"bytes"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// clock tells the time since boot, suspended time included: a window that
// runs out while the machine sleeps is over when it wakes, and setting the
// wall clock moves nothing.
type clock func() time.Duration

// bootClock is CLOCK_BOOTTIME.
func bootClock() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		// Only a kernel before 2.6.39 gets here; a clock that stands still
		// would never roll back.
		panic("apply: clock_gettime(CLOCK_BOOTTIME): " + err.Error())
	}
	return time.Duration(ts.Nano())
}

// bootID names this boot of the kernel; a journal of another boot is void.
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(bytes.TrimSpace(b)), err
}
