// Package engine is the facade that the console and the commands stand on: one
// Engine that loads and saves tables, checks and compiles them, compares the
// result with the kernel, applies it, and publishes what the firewall does.
//
// It adds no knowledge of its own: it joins the rooms below it, reads and
// writes the table files (atomically, and never over somebody else's change),
// and keeps the log of the programs that were run. Values that leave it are
// snapshots: the reader may keep them.
package engine
