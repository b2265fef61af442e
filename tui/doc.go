// Package tui is the console: the only Bubble Tea model, which routes keys and
// messages to the pages, lays out the screen, stacks dialogs, the help and the
// palette of commands over it, and shows the guardian's clock while new rules
// are on trial.
//
// Update does no IO: everything that reads or changes the engine is a command,
// and its answer a message with a number. The console owns no timer that
// matters. When it dies, hangs, or loses its terminal, the guardian and the
// kernel bring the old rules back; so a hang-up ends the console and touches
// nothing.
package tui
