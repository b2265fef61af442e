package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// Stream is a one-way flow of numbered UDP datagrams. Nobody answers, so
// conntrack never calls it established and each datagram meets the rules.
type Stream struct {
	From, To *Host
	// Dst is where From sends to; with DNAT it is not an address of To.
	Dst netip.AddrPort
	// Port is where To listens; 0 is the port of Dst.
	Port uint16
	Rate int // datagrams a second
}

// Tally is what became of a stream.
type Tally struct {
	Sent     int
	Received int // different datagrams; of a denied stream, the leak
	Twice    int // datagrams that came again
	// Unread are datagrams that reached the receiver, but not its program:
	// the machine was too slow for the test.
	Unread int
}

// Lost is how many datagrams never reached the receiver, be it for the queues of
// this machine, see QueueDrops.
func (t Tally) Lost() int { return t.Sent - t.Received - t.Unread }

// QueueDrops is how many packets this machine has dropped since it started
// because a processor's input queue was full, in all its namespaces: the second
// column of /proc/net/softnet_stat.
func QueueDrops() (int, error) {
	text, err := os.ReadFile("/proc/net/softnet_stat")
	if err != nil {
		return 0, err
	}
	total := 0
	for line := range strings.Lines(string(text)) {
		var frames, drops uint32
		if _, err := fmt.Sscanf(line, "%x %x", &frames, &drops); err != nil {
			return 0, fmt.Errorf("read /proc/net/softnet_stat: %w", err)
		}
		total += int(drops)
	}
	return total, nil
}

// String is for test failures.
func (t Tally) String() string {
	return fmt.Sprintf("%d sent, %d received, %d lost, %d twice, %d unread", t.Sent, t.Received, t.Lost(), t.Twice, t.Unread)
}

// RunStreams sends all streams until ctx ends, waits for what is still on its
// way, and returns a tally for each.
func RunStreams(ctx context.Context, streams ...Stream) ([]Tally, error) {
	runs := make([]*streamRun, len(streams))
	for i, s := range streams {
		run, err := s.open()
		if err != nil {
			closeRuns(runs[:i])
			return nil, fmt.Errorf("stream from %s to %s: %w", s.From.Name, s.Dst, err)
		}
		runs[i] = run
	}
	defer closeRuns(runs)
	var senders, receivers sync.WaitGroup
	for _, r := range runs {
		receivers.Go(r.receive)
		senders.Go(func() { r.send(ctx) })
	}
	senders.Wait()
	for _, r := range runs {
		r.in.SetReadDeadline(time.Now().Add(streamTail))
	}
	receivers.Wait()
	tallies := make([]Tally, len(runs))
	for i, r := range runs {
		tally, err := r.tally()
		if err != nil {
			return nil, err
		}
		tallies[i] = tally
	}
	return tallies, nil
}

const (
	// streamTail is how long a datagram may be on its way after the last was
	// sent; none is queued anywhere but in sockets.
	streamTail = 300 * time.Millisecond
	// streamBatch is how many datagrams one system call takes.
	streamBatch = 32
	// streamPace is how often a sender looks how many are due.
	streamPace = time.Millisecond
	// streamArrears is how long a sender may have stood still and make up for
	// it: a burst of more would only fill the queues of the machine.
	streamArrears = 50 * time.Millisecond
	// streamBuffer holds one to two seconds of 20,000 datagrams a second.
	streamBuffer = 32 << 20
)

// streamRun is a stream with its sockets.
type streamRun struct {
	stream  Stream
	out, in *net.UDPConn
	sent    int
	got     received
}

func (s Stream) open() (*streamRun, error) {
	if s.Port == 0 {
		s.Port = s.Dst.Port()
	}
	r := &streamRun{stream: s}
	err := s.From.Do(func() (err error) {
		r.out, err = net.ListenUDP("udp", &net.UDPAddr{IP: anyAddr(s.Dst).AsSlice()})
		return err
	})
	if err == nil {
		err = s.To.Do(func() (err error) {
			at := netip.AddrPortFrom(anyAddr(s.Dst), s.Port)
			r.in, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
			return err
		})
	}
	if err == nil {
		err = growBuffer(r.in, streamBuffer)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func anyAddr(like netip.AddrPort) netip.Addr {
	if like.Addr().Is6() {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// growBuffer makes the receive buffer larger than the machine's limit, as the
// root of the namespace may.
func growBuffer(conn *net.UDPConn, size int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var optErr error
	err = raw.Control(func(fd uintptr) {
		optErr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size)
	})
	return errors.Join(err, optErr)
}

func (r *streamRun) close() {
	for _, conn := range []*net.UDPConn{r.out, r.in} {
		if conn != nil {
			conn.Close()
		}
	}
}

func closeRuns(runs []*streamRun) {
	for _, r := range runs {
		r.close()
	}
}

// batchConn sends and receives several datagrams by one system call.
type batchConn interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
	WriteBatch(ms []ipv4.Message, flags int) (int, error)
}

func (r *streamRun) batch(conn *net.UDPConn) batchConn {
	if r.stream.Dst.Addr().Is6() {
		return ipv6.NewPacketConn(conn)
	}
	return ipv4.NewPacketConn(conn)
}

// send keeps the rate on average: what a slow moment left undone is made up
// for, a batch at a time, and no more than streamArrears of it.
func (r *streamRun) send(ctx context.Context) {
	conn := r.batch(r.out)
	messages := make([]ipv4.Message, streamBatch)
	numbers := make([]byte, streamBatch*8)
	for i := range messages {
		messages[i].Buffers = [][]byte{numbers[i*8 : i*8+8]}
		messages[i].Addr = net.UDPAddrFromAddrPort(r.stream.Dst)
	}
	perSecond := float64(r.stream.Rate)
	arrears := max(streamBatch, int(streamArrears.Seconds()*perSecond))
	began, missed := time.Now(), 0
	pace := time.NewTicker(streamPace)
	defer pace.Stop()
	for ctx.Err() == nil {
		due := int(time.Since(began).Seconds()*perSecond) - r.sent - missed
		if due > arrears {
			due, missed = arrears, missed+due-arrears
		}
		if due <= 0 {
			<-pace.C
			continue
		}
		due = min(due, streamBatch)
		for i := range due {
			binary.BigEndian.PutUint64(numbers[i*8:], uint64(r.sent+i))
		}
		// What the own host refuses was not sent, and its number comes again.
		n, err := conn.WriteBatch(messages[:due], 0)
		r.sent += max(n, 0)
		if err != nil {
			<-pace.C
		}
	}
}

// receive reads until the sender has ended, which sets a deadline, and nothing
// has come for a while: on a busy machine much may be waiting in the socket.
func (r *streamRun) receive() {
	conn := r.batch(r.in)
	messages := make([]ipv4.Message, streamBatch)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, 64)}
	}
	for idle := false; ; {
		n, err := conn.ReadBatch(messages, 0)
		if errors.Is(err, os.ErrDeadlineExceeded) && !idle {
			idle = true
			r.in.SetReadDeadline(time.Now().Add(streamTail))
			continue
		}
		if err != nil {
			return
		}
		idle = false
		for _, m := range messages[:n] {
			if m.N == 8 {
				r.got.add(binary.BigEndian.Uint64(m.Buffers[0]))
			}
		}
	}
}

// received are the numbers that have come.
type received struct {
	seen         []uint64 // a bit for each number
	count, twice int
}

func (r *received) add(number uint64) {
	word, bit := int(number/64), uint64(1)<<(number%64)
	for len(r.seen) <= word {
		r.seen = append(r.seen, 0)
	}
	if r.seen[word]&bit != 0 {
		r.twice++
		return
	}
	r.seen[word] |= bit
	r.count++
}

func (r *streamRun) tally() (Tally, error) {
	t := Tally{Sent: r.sent, Received: r.got.count, Twice: r.got.twice}
	err := r.stream.To.Do(func() (err error) {
		t.Unread, err = socketDrops(r.stream.Dst.Addr().Is6(), r.stream.Port)
		return err
	})
	return t, err
}

// socketDrops reads how many datagrams the UDP sockets of a port had no room
// for, in the network namespace of the calling thread.
func socketDrops(v6 bool, port uint16) (int, error) {
	path := "/proc/thread-self/net/udp"
	if v6 {
		path += "6"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	suffix := fmt.Sprintf(":%04X", port)
	drops := 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 2 && strings.HasSuffix(fields[1], suffix) {
			n, _ := strconv.Atoi(fields[len(fields)-1])
			drops += n
		}
	}
	return drops, nil
}
