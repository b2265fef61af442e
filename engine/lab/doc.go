// Package lab builds a private network out of real namespaces: an internet
// side with three clients, a firewall host with eth0, eth1 and docker0, two
// containers behind Docker's own chains, and an internal host, in both
// families, with real traffic made by Go generators.
//
// mfwtui demo and the integration tests stand in it. It is made with a netlink
// library, needs no ip command, works as root or in a user namespace, and
// leaves nothing behind: the namespaces are anonymous and end with the last
// process in them.
package lab
