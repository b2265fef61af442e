package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mfwtui/mfwtui/engine/compile"
	"github.com/mfwtui/mfwtui/engine/live"
)

// DenialReader is what hears of the packets that rules log.
type DenialReader interface {
	// Denied is what was logged since the first call.
	Denied(ctx context.Context) (DeniedSnapshot, error)
}

// ErrLogTaken says that another program reads the log of denied packets; the
// kernel gives it to one reader.
var ErrLogTaken = live.ErrLogTaken

// DeniedSnapshot is what was logged until a moment, the latest first.
type DeniedSnapshot struct {
	At   time.Time
	List []DeniedPackets
	// Logging is false when no applied row logs and the final reject does
	// not either: then nothing can come.
	Logging bool
	// Overruns and Forgotten say what the list does not hold, see
	// live.DeniedSnapshot.
	Overruns, Forgotten uint64
}

// DeniedPackets are packets that were logged and that are alike in everything
// but the source port.
type DeniedPackets struct {
	live.Denied
	// By names the row that logged, as "rules:12", or "the final reject";
	// Ref is the row, Text its cells.
	By   string
	Ref  compile.RowRef
	Text string
	// From and To are zones, "FW" for this host; SrcName and DstName the
	// address objects that are exactly these addresses.
	From, To, SrcName, DstName string
}

// deniedFeed reads the log from the first look on.
type deniedFeed struct {
	mu     sync.Mutex
	feed   <-chan live.DeniedSnapshot
	newest live.DeniedSnapshot
}

func (f *deniedFeed) read(ctx context.Context) (live.DeniedSnapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.feed == nil {
		// The reader lives as long as the process: what it has heard is what
		// there is to show.
		feed, err := live.FollowDenied(context.WithoutCancel(ctx), compile.LogGroup, feedEvery)
		if err != nil {
			return live.DeniedSnapshot{}, err
		}
		f.feed = feed
	}
	select {
	case snap, ok := <-f.feed:
		if !ok { // the reader gave up: start a new one at the next look
			f.feed = nil
			break
		}
		f.newest = snap
	default:
	}
	return f.newest, nil
}

// Denied is what was logged since the first call.
func (e *Engine) Denied(ctx context.Context) (DeniedSnapshot, error) {
	snap, err := e.denied.read(ctx)
	if err != nil {
		return DeniedSnapshot{}, err
	}
	names := e.naming()
	out := DeniedSnapshot{
		At: snap.At, Overruns: snap.Overruns, Forgotten: snap.Forgotten,
		Logging: names.logs(), List: make([]DeniedPackets, len(snap.List)),
	}
	for i := range snap.List {
		out.List[i] = names.denied(&snap.List[i])
	}
	return out, nil
}

// logs reports whether anything can be logged.
func (n *naming) logs() bool {
	if n.config == nil {
		return false
	}
	for _, r := range n.config.Rules {
		if r.Action.Log {
			return true
		}
	}
	return n.config.Options.LogDenied != "off"
}

// denied names what a group of packets is about.
func (n *naming) denied(d *live.Denied) DeniedPackets {
	one := DeniedPackets{
		Denied: *d, From: n.zone(d.In), To: n.zone(d.Out),
		SrcName: n.hosts[d.Src], DstName: n.hosts[d.Dst],
	}
	name := n.rows[d.Row]
	one.Ref, one.Text = name.ref, name.text
	switch {
	case name.ref.Line > 0:
		one.By = fmt.Sprintf("%s:%d", name.ref.Kind, name.ref.Line)
	case d.Row == "reject":
		one.By = finalReject
	default:
		one.By = d.Row
	}
	return one
}
