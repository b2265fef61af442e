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
// The package does not decide what the rules are: it is given a target and the
// texts of the tables. It never changes the policy of a built-in chain, and
// touches no chain, rule or set that is not ours.
package apply
