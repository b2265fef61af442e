// Package host is the only room that runs programs: iptables-save,
// iptables-restore, their IPv6 twins and ipset, of the back end (nft or
// legacy) that the host uses.
//
// It has two seams. Runner runs one program with a deadline, a clean
// environment and bounded output; Kernel reads and loads rulesets. Real is the
// Kernel that stands on a Runner. Fake is a Kernel in memory that is as strict
// as the real one: tests feed both with the same cases.
//
// Programs are found at fixed absolute paths, never through PATH, and are
// refused when somebody other than root could have changed them. There is no
// shell. The package decides nothing: what to load is engine/plan's business.
package host
