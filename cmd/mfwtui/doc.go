// Command mfwtui is an interactive firewall console for administrators in an
// SSH session, and its commands.
//
// One file holds one command; term.go holds every rule about what is printed
// to a person outside the console. The commands decide nothing: they parse
// their arguments, call the facade, print, and choose the exit status.
package main
