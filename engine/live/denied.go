package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/florianl/go-nflog/v2"
	vnetlink "github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/mfwtui/mfwtui/engine/ruleset"
)

// Denied are packets that rules of ours logged and that are alike in everything
// but the source port.
type Denied struct {
	// Row is the row id of the rule that logged, or "reject" for what no row
	// decided about.
	Row     string
	In, Out string // interfaces; empty for this host
	Header         // of the latest packet
	// Count is how many of them were logged since First; the kernel logs at
	// a limited rate, so there may have been more.
	Count       uint64
	First, Last time.Time
	// Rate is logged packets per second since the last snapshot.
	Rate float64
}

// DeniedSnapshot is what was logged until a moment, the latest first.
type DeniedSnapshot struct {
	At   time.Time
	List []Denied
	// Overruns counts how often the kernel had more than the reader took,
	// Forgotten how many groups were dropped to keep the list short.
	Overruns, Forgotten uint64
}

// ErrLogTaken says that another process reads the log group.
var ErrLogTaken = errors.New("another program reads the log of denied packets already")

// deniedLimit is how many groups of packets are kept.
const deniedLimit = 4096

// headerBytes is how much of each packet is copied: IPv6 with a few extension
// headers, and the ports.
const headerBytes = 128

// FollowDenied reads what rules log to a netlink group, and sends a snapshot
// every interval until ctx ends. The channel holds only the newest: a slow
// reader misses old ones and blocks nobody. It follows the network namespace of
// the calling thread, and is the only one to: the kernel gives a group to one
// reader, any other gets ErrLogTaken.
func FollowDenied(ctx context.Context, group uint16, every time.Duration) (<-chan DeniedSnapshot, error) {
	namespace, err := os.Open(threadNamespace)
	if err != nil {
		return nil, fmt.Errorf("open network namespace: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	r := &deniedReader{out: make(chan DeniedSnapshot, 1), stop: stop}
	r.table.groups = make(map[deniedKey]*Denied)
	started := make(chan error)
	go func() {
		defer namespace.Close()
		defer stop()
		runtime.LockOSThread() // the socket is made, and names are read, here
		err := enter(namespace)
		if err == nil {
			err = r.start(ctx, group)
		}
		started <- err
		if err == nil {
			r.run(ctx, every)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return r.out, nil
}

// deniedReader is one run of FollowDenied.
type deniedReader struct {
	log  *nflog.Nflog
	out  chan DeniedSnapshot
	stop context.CancelFunc

	mu    sync.Mutex // of the table: the library calls back from its own goroutine
	table deniedTable
}

func (r *deniedReader) start(ctx context.Context, group uint16) (err error) {
	r.log, err = nflog.Open(&nflog.Config{Group: group, Copymode: nflog.CopyPacket, Bufsize: headerBytes})
	if err != nil {
		return fmt.Errorf("open the log of denied packets: %w", err)
	}
	if err := r.log.RegisterWithErrorFunc(ctx, r.take, r.failed); err != nil {
		r.log.Close()
		if taken(err) {
			return ErrLogTaken
		}
		return fmt.Errorf("read log group %d: %w", group, err)
	}
	return nil
}

// taken reports whether the kernel refused because the group has a reader: it
// then says that the operation is not permitted, as it does to whoever lacks the
// privilege; but these are refused before they get to the group. The library
// passes errors on as text.
func taken(err error) bool {
	text := err.Error()
	return strings.Contains(text, "requested group") &&
		(strings.Contains(text, unix.EPERM.Error()) || strings.Contains(text, unix.EBUSY.Error()))
}

// take notes one packet; it goes on in any case.
func (r *deniedReader) take(a nflog.Attribute) int {
	if a.Prefix == nil || a.Payload == nil {
		return 0
	}
	row, ours := strings.CutPrefix(*a.Prefix, ruleset.CommentPrefix)
	header, ok := parseHeader(*a.Payload)
	if !ours || !ok {
		return 0
	}
	key := deniedKey{row: row, in: index(a.InDev), out: index(a.OutDev)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table.add(time.Now(), key, header)
	return 0
}

func index(dev *uint32) int {
	if dev == nil {
		return 0
	}
	return int(*dev)
}

// failed notes an overrun. Any other error ends the reading, which closes the
// channel.
func (r *deniedReader) failed(err error) int {
	if errors.Is(err, unix.ENOBUFS) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.table.overruns++
		return 0
	}
	r.stop()
	return 1
}

func (r *deniedReader) run(ctx context.Context, every time.Duration) {
	defer close(r.out)
	defer r.log.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		r.publish()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// publish replaces the snapshot that nobody has fetched yet.
func (r *deniedReader) publish() {
	names := interfaceNames()
	r.mu.Lock()
	snap := r.table.snapshot(time.Now(), names)
	r.mu.Unlock()
	select {
	case <-r.out:
	default:
	}
	r.out <- snap // only this goroutine sends, so there is room
}

// interfaceNames are the names by index; none when they cannot be read.
func interfaceNames() map[int]string {
	names := make(map[int]string)
	links, err := vnetlink.LinkList()
	if err != nil {
		return names
	}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	return names
}

// deniedKey is what packets of one group have in common.
type deniedKey struct {
	row     string
	in, out int // indexes of interfaces
	header  Header
}

// deniedTable counts logged packets by group.
type deniedTable struct {
	groups              map[deniedKey]*Denied
	before              map[deniedKey]uint64 // counts at the last snapshot
	at                  time.Time
	overruns, forgotten uint64
}

// add counts a packet.
func (t *deniedTable) add(now time.Time, key deniedKey, h Header) {
	key.header = h
	key.header.SrcPort, key.header.Flags = 0, 0
	d := t.groups[key]
	if d == nil {
		if len(t.groups) >= deniedLimit {
			t.forget()
		}
		d = &Denied{Row: key.row, First: now}
		t.groups[key] = d
	}
	d.Header, d.Last = h, now
	d.Count++
}

// forget drops the older half of the groups: that costs a sort once in a while,
// not a search for each packet.
func (t *deniedTable) forget() {
	keys := make([]deniedKey, 0, len(t.groups))
	for k := range t.groups {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b deniedKey) int { return t.groups[a].Last.Compare(t.groups[b].Last) })
	for _, k := range keys[:len(keys)/2] {
		delete(t.groups, k)
		t.forgotten++
	}
}

// snapshot lists the groups, the latest first, with what was logged per second
// since the last snapshot.
func (t *deniedTable) snapshot(now time.Time, names map[int]string) DeniedSnapshot {
	snap := DeniedSnapshot{At: now, Overruns: t.overruns, Forgotten: t.forgotten, List: make([]Denied, 0, len(t.groups))}
	counts := make(map[deniedKey]uint64, len(t.groups))
	per := now.Sub(t.at).Seconds()
	for key, d := range t.groups {
		one := *d
		one.In, one.Out = names[key.in], names[key.out]
		if was, known := t.before[key]; per > 0 && !t.at.IsZero() && (known || d.First.After(t.at)) {
			one.Rate = float64(d.Count-was) / per
		}
		counts[key] = d.Count
		snap.List = append(snap.List, one)
	}
	slices.SortFunc(snap.List, func(a, b Denied) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Row, b.Row), a.Src.Compare(b.Src), cmp.Compare(a.DstPort, b.DstPort))
	})
	t.before, t.at = counts, now
	return snap
}
