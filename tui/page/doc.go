// Package page holds the screens of the console, one plain struct each behind
// the small Page interface.
//
// A page owns its state, its keys and its drawing. It does no IO: what it wants
// from the engine it asks for with a command of package desk, and the answer
// comes back as a message. What a page wants from the console (another screen, a dialog, a
// word on the message line) it returns as an Effect. Every text that comes from
// the engine or from a file goes through the sanitiser before it is drawn.
package page
