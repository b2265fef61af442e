// Command server is all there is in the containers of the tests. It answers on
// the TCP ports of its arguments by the line that engine/lab's servers say: its
// name, its own address, and whom it sees.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	name, ports := os.Args[1], os.Args[2:]
	for _, port := range ports {
		l, err := net.Listen("tcp", ":"+port)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go serve(name, l)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	<-end
}

func serve(name string, l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		local, peer := conn.LocalAddr().(*net.TCPAddr).AddrPort(), conn.RemoteAddr().(*net.TCPAddr).AddrPort()
		fmt.Fprintf(conn, "%s %s:%d %s:%d\n", name, quote(local.Addr().Unmap().String()), local.Port(), quote(peer.Addr().Unmap().String()), peer.Port())
		conn.Close()
	}
}

// quote puts an IPv6 address into brackets.
func quote(addr string) string {
	if net.ParseIP(addr).To4() == nil {
		return "[" + addr + "]"
	}
	return addr
}
