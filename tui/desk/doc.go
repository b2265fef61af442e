// Package desk is what the screens and the conversation by lines work with: the
// tables being edited, the calls to the engine, and their answers.
//
// A Desk knows what is on disk, what was changed since, the way back, and the
// problems found last; it is changed by its methods only. Calls makes commands:
// nothing here waits for the engine except inside one, a command never panics,
// and its answer carries the number of the Request that waits for it, so that a
// late answer is dropped. What takes time to work out of an answer, as a
// difference by row or the kernel rules of each row, comes with the answer.
//
// It draws nothing, knows neither keys nor screens, and decides nothing about
// the firewall: that is the engine's.
package desk
