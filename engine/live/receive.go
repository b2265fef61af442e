package live

import (
	"encoding/binary"
	"errors"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// dumpBuffer is what the kernel fills at a time at most.
const dumpBuffer = 32 << 10

// receiveDump gives take the payload of each message of a dump, which take must
// not keep. The receiver of package netlink copies every part of a dump to new
// memory, 24 MB for 100,000 flows; this one reads into one buffer.
func receiveDump(conn *netlink.Conn, take func(payload []byte) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	buffer := make([]byte, dumpBuffer)
	for {
		n, err := receive(raw.Read, buffer)
		if err != nil {
			return err
		}
		if done, err := dumpMessages(buffer[:n], take); done || err != nil {
			return err
		}
	}
}

// receive reads one datagram; wait is the Read of a raw connection, which calls
// again when there is something to read, or ends at the deadline.
func receive(wait func(func(fd uintptr) bool) error, buffer []byte) (n int, err error) {
	failed := wait(func(fd uintptr) bool {
		n, _, err = unix.Recvfrom(int(fd), buffer, 0)
		for errors.Is(err, unix.EINTR) {
			n, _, err = unix.Recvfrom(int(fd), buffer, 0)
		}
		return !errors.Is(err, unix.EAGAIN)
	})
	if failed != nil {
		return 0, failed
	}
	return n, err
}

// dumpMessages takes the messages of one datagram; done says that the dump has
// ended. A message is a struct nlmsghdr, whose first fields are length and type,
// and its payload.
func dumpMessages(datagram []byte, take func(payload []byte) error) (done bool, err error) {
	for b := datagram; len(b) > 0; {
		if len(b) < unix.NLMSG_HDRLEN {
			return false, errMalformed
		}
		size, kind := int(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint16(b[4:])
		if size < unix.NLMSG_HDRLEN || size > len(b) {
			return false, errMalformed
		}
		payload := b[unix.NLMSG_HDRLEN:size]
		switch kind {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR: // both say how it ended, as a negative errno
			if len(payload) < 4 {
				return false, errMalformed
			}
			if code := int32(binary.NativeEndian.Uint32(payload)); code < 0 {
				return true, unix.Errno(-code)
			}
			return true, nil
		}
		if err := take(payload); err != nil {
			return false, err
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return false, nil
}
