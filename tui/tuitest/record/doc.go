// Command record makes the pictures of README from the real program: it runs
// the demo on a pseudo-terminal, types what a person would type, waits for what
// a person would wait for, and writes what the terminal shows as SVG, still and
// animated, and as an asciicast.
//
//	go run ./tui/tuitest/record -program ./mfwtui -to etc/pictures
//
// The scripts wait for words and not for positions, so they outlive a change of
// the layout. Times and counters differ from one recording to the next.
package main
