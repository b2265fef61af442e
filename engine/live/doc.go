// Package live reads what the firewall does: counters of rules, conntrack
// flows, and the network interfaces that exist.
//
// Snapshots are level-triggered: an event is only a hint to look again, and an
// overrun of the event stream means a new dump. Nothing here blocks when a
// reader is slow; the newest snapshot wins. The package changes nothing,
// except for conntrack accounting, which it switches on when asked to.
//
// What is read belongs to the network namespace of the calling thread at the
// moment of the call; a stream stays there.
package live
