package apply

import (
	"errors"
	"fmt"

	"github.com/mdlayher/netlink"
	"github.com/ti-mo/conntrack"
	"github.com/ti-mo/netfilter"
	"golang.org/x/sys/unix"
)

// flowTable is what a transaction does with conntrack entries whose mark has
// the trial's bit.
type flowTable interface {
	// forget clears the bit and leaves the flows alone.
	forget(bit uint32) error
	// end stops the flows while the cut rule blocks them, and tells how many
	// have to be waited for. The last call stops waiting.
	end(bit uint32, last bool) (left int, err error)
}

// conntrackTable is the flowTable of this network namespace.
type conntrackTable struct{}

func (conntrackTable) forget(bit uint32) error {
	flows, err := marked(bit)
	if err != nil || len(flows) == 0 {
		return err
	}
	c, err := netfilter.Dial(nil)
	if err != nil {
		return fmt.Errorf("clear conntrack marks: %w", err)
	}
	defer c.Close()
	for _, f := range flows {
		if err := writeMark(c, f, 0, bit); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("clear conntrack marks: %w", err)
		}
	}
	return nil
}

// end stops flows for good. To delete an entry is not enough for TCP: with
// nf_conntrack_tcp_loose, which is the default, the next packet of the inner
// side makes a new entry in the other direction, and the flow goes on. So a
// socket of this host is destroyed, which resets the flow, and a forwarded one
// is left to the cut rule, which answers each packet with a reset, until
// conntrack sees it closed.
func (conntrackTable) end(bit uint32, last bool) (int, error) {
	flows, err := marked(bit)
	if err != nil || len(flows) == 0 {
		return 0, err
	}
	c, err := conntrack.Dial(nil)
	if err != nil {
		return 0, fmt.Errorf("end flows: %w", err)
	}
	defer c.Close()
	left := 0
	for _, f := range flows {
		if f.TupleOrig.Proto.Protocol == unix.IPPROTO_TCP && !last && !closed(f) && destroySocket(f.TupleReply) != nil {
			left++
			continue
		}
		if err := c.Delete(f); err != nil && !errors.Is(err, unix.ENOENT) {
			return left, fmt.Errorf("end flows: %w", err)
		}
	}
	return left, nil
}

// tcpTimeWait and what follows (CLOSE) are the states of
// enum tcp_conntrack in which no data passes any more.
const tcpTimeWait = 7

func closed(f conntrack.Flow) bool {
	return f.ProtoInfo.TCP != nil && f.ProtoInfo.TCP.State >= tcpTimeWait
}

// marked lists the flows that have the bit; the kernel filters.
func marked(bit uint32) ([]conntrack.Flow, error) {
	c, err := conntrack.Dial(nil)
	if err != nil {
		return nil, fmt.Errorf("list marked flows: %w", err)
	}
	defer c.Close()
	flows, err := c.DumpFilter(conntrack.NewFilter().Mark(bit).MarkMask(bit), nil)
	if err != nil {
		return nil, fmt.Errorf("list marked flows: %w", err)
	}
	return flows, nil
}

// Attribute types of include/uapi/linux/netfilter/nfnetlink_conntrack.h.
const (
	ctNew         = 0
	ctaTupleOrig  = 1
	ctaMark       = 8
	ctaZone       = 18
	ctaMarkMask   = 21
	ctaTupleIP    = 1
	ctaTupleProto = 2
	ctaIPv4Src    = 1
	ctaIPv4Dst    = 2
	ctaIPv6Src    = 3
	ctaIPv6Dst    = 4
	ctaProtoNum   = 1
	ctaProtoSport = 2
	ctaProtoDport = 3
	ctaICMPID     = 4
	ctaICMPType   = 5
	ctaICMPCode   = 6
	ctaICMPv6ID   = 7
	ctaICMPv6Type = 8
	ctaICMPv6Code = 9
)

// writeMark gives the bits of mask in the mark of a flow these values. The others
// are left to whoever uses them, also when they change at this moment; the
// library's own update knows no mask.
func writeMark(c *netfilter.Conn, f conntrack.Flow, value, mask uint32) error {
	family := netfilter.ProtoIPv4
	if f.TupleOrig.IP.IsIPv6() {
		family = netfilter.ProtoIPv6
	}
	attrs := []netfilter.Attribute{
		{Type: ctaTupleOrig, Nested: true, Children: []netfilter.Attribute{
			{Type: ctaTupleIP, Nested: true, Children: addressAttrs(f.TupleOrig.IP)},
			{Type: ctaTupleProto, Nested: true, Children: protoAttrs(f.TupleOrig.Proto)},
		}},
		{Type: ctaMark, Data: netfilter.Uint32Bytes(value)},
		{Type: ctaMarkMask, Data: netfilter.Uint32Bytes(mask)},
	}
	if f.Zone != 0 {
		attrs = append(attrs, netfilter.Attribute{Type: ctaZone, Data: netfilter.Uint16Bytes(f.Zone)})
	}
	msg, err := netfilter.MarshalNetlink(netfilter.Header{
		SubsystemID: netfilter.NFSubsysCTNetlink,
		MessageType: ctNew,
		Family:      family,
		Flags:       netlink.Request | netlink.Acknowledge,
	}, attrs)
	if err != nil {
		return err
	}
	_, err = c.Query(msg)
	return err
}

func addressAttrs(ip conntrack.IPTuple) []netfilter.Attribute {
	src, dst := uint16(ctaIPv4Src), uint16(ctaIPv4Dst)
	if ip.IsIPv6() {
		src, dst = ctaIPv6Src, ctaIPv6Dst
	}
	return []netfilter.Attribute{
		{Type: src, Data: ip.SourceAddress.AsSlice()},
		{Type: dst, Data: ip.DestinationAddress.AsSlice()},
	}
}

func protoAttrs(p conntrack.ProtoTuple) []netfilter.Attribute {
	attrs := []netfilter.Attribute{{Type: ctaProtoNum, Data: []byte{p.Protocol}}}
	id, typ, code := uint16(ctaICMPID), uint16(ctaICMPType), uint16(ctaICMPCode)
	if p.ICMPv6 {
		id, typ, code = ctaICMPv6ID, ctaICMPv6Type, ctaICMPv6Code
	}
	if p.ICMPv4 || p.ICMPv6 {
		return append(attrs,
			netfilter.Attribute{Type: id, Data: netfilter.Uint16Bytes(p.ICMPID)},
			netfilter.Attribute{Type: typ, Data: []byte{p.ICMPType}},
			netfilter.Attribute{Type: code, Data: []byte{p.ICMPCode}})
	}
	return append(attrs,
		netfilter.Attribute{Type: ctaProtoSport, Data: netfilter.Uint16Bytes(p.SourcePort)},
		netfilter.Attribute{Type: ctaProtoDport, Data: netfilter.Uint16Bytes(p.DestinationPort)})
}
