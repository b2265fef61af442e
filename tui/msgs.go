package tui

import "time"

// The messages of the console itself. The answers of the engine are in page.
type (
	// tickMsg says that a second went by.
	tickMsg time.Time
	// releaseMsg says that the terminal had its time to answer.
	releaseMsg struct{}
	// editMsg says that it has answered, so that the editor may be opened.
	editMsg struct{}
)
