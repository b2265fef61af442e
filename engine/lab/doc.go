// Package lab builds a private network out of real namespaces: an internet
// side with three clients, a firewall host with eth0, eth1 and docker0, two
// containers behind Docker's own chains, and an internal host, in both
// families, with real servers, probes and traffic.
//
// mfwtui demo and the integration tests stand in it. It is made with a netlink
// library, needs no ip command, works as root or in a user namespace, and
// leaves nothing behind: the namespaces are anonymous and end with the last
// process in them.
//
// The firewall host forwards, and holds no rules but Docker's: whoever builds a
// lab loads the rules to be tested. Nothing outside the lab is changed, and the
// lab has no way out: its internet ends at a host that forwards nothing.
package lab
