package tui

import "time"

// The messages of the console itself. The answers of the engine are in page.
type (
	// tickMsg says that a second went by.
	tickMsg time.Time
	// leaveMsg says that the terminal had its time to answer the queries of
	// the start, so that the program may end.
	leaveMsg struct{}
	// editMsg says the same about opening the person's editor.
	editMsg struct{}
)
