// Package apply changes the kernel: one transaction that ends confirmed or
// undone, whatever dies meanwhile.
//
// The order is: preflight in a scratch network namespace, write the generation
// to disk, start the guardian (a process of its own session) and wait for it,
// stage the new chains and sets beside the old ones, read everything back,
// open the gate with one swap of a timed ipset. When the timeout runs out the
// kernel itself is back on the old rules. Confirm makes the gate permanent,
// renames one symbolic link, rewrites the canonical chains and removes the
// staged copy. Every start of any command calls Recover, which finishes or
// undoes what a dead process left.
//
// A guardian is two processes: a supervisor that holds the lock and starts the
// worker again when it dies, and the worker, which does everything else, writes
// a journal before each step that counts, and needs no supervisor. Killed
// together they leave a kernel that goes back by itself. What to do about an
// event is decided by one pure function (decide), what to do about a journal
// that was found by another (judge).
//
// The package does not decide what the rules are: it is given a target and the
// texts of the tables. It never changes the policy of a built-in chain, and
// touches no chain, rule or set that is not ours.
package apply
