package plan_test

// What other people have on the host: Docker 20.10, a ban list, a chain of the
// user's own. None of it may ever change.
const (
	foreign4 = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-USER - [0:0]
:f2b-sshd - [0:0]
:mine - [0:0]
[3:180] -A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
[4:240] -A FORWARD -s 203.0.113.7/32 -j DROP
[0:0] -A FORWARD -j DOCKER-USER
[0:0] -A FORWARD -j DOCKER-ISOLATION-STAGE-1
[0:0] -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
[0:0] -A FORWARD -o docker0 -j DOCKER
[0:0] -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
[0:0] -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
[0:0] -A DOCKER-ISOLATION-STAGE-1 -j RETURN
[0:0] -A DOCKER-USER -j RETURN
[1:60] -A f2b-sshd -m set --match-set f2b src -j REJECT --reject-with icmp-port-unreachable
[0:0] -A f2b-sshd -j RETURN
[0:0] -A OUTPUT -m owner --uid-owner 1000 -j mine
[0:0] -A mine -d 192.0.2.0/24 -j LOG --log-prefix "odd \"one\": "
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
[0:0] -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
[0:0] -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
[0:0] -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
`
	foreign6 = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:keep6 - [0:0]
[0:0] -A OUTPUT -p ipv6-icmp -j keep6
[0:0] -A keep6 -m comment --comment "not yours" -j RETURN
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
`
	foreignSets = `create f2b hash:ip family inet hashsize 1024 maxelem 65536 timeout 600
add f2b 198.51.100.9 timeout 500
create blocked_v4 hash:net family inet hashsize 1024 maxelem 65536
add blocked_v4 198.51.100.0/24
`
)
