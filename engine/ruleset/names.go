package ruleset

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what the printer writes, in bytes. The tools take longer lines; a
// rule of ours that comes near is a mistake.
const (
	MaxLine        = 900
	MaxNFLogPrefix = 63
)

// CheckChainName says why a name cannot be the name of a chain of ours. The
// nft variant refuses a leading "-" or "!", and both variants read a name that
// is also a target as the target.
func CheckChainName(name string) error {
	switch {
	case name == "":
		return errors.New("empty chain name")
	case len(name) > MaxChainName:
		return fmt.Errorf("chain name %q has %d bytes, the limit is %d", name, len(name), MaxChainName)
	case isTargetName(name):
		return fmt.Errorf("chain name %q is the name of a target", name)
	}
	return checkName("chain", name)
}

// CheckSetName says why a name cannot be the name of a set of ours.
func CheckSetName(name string) error {
	if name == "" {
		return errors.New("empty set name")
	}
	if len(name) > MaxSetName {
		return fmt.Errorf("set name %q has %d bytes, the limit is %d", name, len(name), MaxSetName)
	}
	return checkName("set", name)
}

// CheckIfaceName says why a name cannot be asked for with -i or -o. A last "+"
// makes a wildcard.
func CheckIfaceName(name string) error {
	if name == "" {
		return errors.New("empty interface name")
	}
	if len(name) > MaxIfaceName {
		return fmt.Errorf("interface name %q has %d bytes, the limit is %d", name, len(name), MaxIfaceName)
	}
	if strings.Contains(name[:len(name)-1], "+") {
		return fmt.Errorf("interface name %q has a + before its end", name)
	}
	return checkName("interface", name)
}

// checkName refuses what the line formats could read as something else. The
// tools split at ASCII characters only, so the bytes of other characters are a
// part of the name to them and to the kernel, in every locale (iptables 1.8.9 of
// both variants, ipset 7.17).
func checkName(what, name string) error {
	if name[0] == '-' || name[0] == '!' {
		return fmt.Errorf("%s name %q starts with %q", what, name, name[:1])
	}
	if i := strings.IndexFunc(name, func(r rune) bool { return r == ' ' || !plain(r) && !beyondASCII(r) }); i >= 0 {
		return fmt.Errorf("%s name %q has a character that is not allowed at byte %d", what, name, i+1)
	}
	return nil
}

// checkText refuses what may not stand between quotes in a restore file.
func checkText(what, text string, limit int) error {
	if len(text) > limit {
		return fmt.Errorf("%s %q has %d bytes, the limit is %d", what, text, len(text), limit)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !plain(r) }); i >= 0 {
		return fmt.Errorf("%s %q has a character that is not allowed at byte %d", what, text, i+1)
	}
	return nil
}

// plain reports whether a character may stand in a restore file of ours:
// printable ASCII without quotes and backslash.
func plain(r rune) bool {
	return r >= 0x20 && r <= 0x7e && r != '"' && r != '\'' && r != '\\' && r != '`'
}

// beyondASCII reports whether a character that is not ASCII may stand in a name:
// one that is seen. A byte that is no UTF-8 is none.
func beyondASCII(r rune) bool { return r > 0x7e && r != utf8.RuneError && unicode.IsPrint(r) }

// CutName is the beginning of a name with so many bytes at most, and no part of
// a character.
func CutName(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	for limit > 0 && !utf8.RuneStart(name[limit]) {
		limit--
	}
	return name[:limit]
}

// isTargetName reports whether "-j name" means a target that every chain can
// use, not a jump.
func isTargetName(name string) bool {
	switch name {
	case "ACCEPT", "DROP", "RETURN", "QUEUE",
		"AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNMARK", "CONNSECMARK", "CT", "DNAT", "DNPT", "DSCP",
		"ECN", "HL", "HMARK", "IDLETIMER", "LED", "LOG", "MARK", "MASQUERADE", "MIRROR", "NETMAP", "NFLOG",
		"NFQUEUE", "NOTRACK", "RATEEST", "REDIRECT", "REJECT", "SAME", "SECMARK", "SET", "SNAT", "SNPT",
		"SYNPROXY", "TCPMSS", "TCPOPTSTRIP", "TEE", "TOS", "TPROXY", "TRACE", "TTL", "ULOG":
		return true
	}
	return false
}
