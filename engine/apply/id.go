package apply

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// crockford is the alphabet of ULIDs: no I, L, O and U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newID makes an identifier in the form of a ULID: ten characters of
// milliseconds since 1970, then sixteen random ones. Identifiers sort by time.
func newID(now time.Time) string {
	var b [26]byte
	ms := uint64(now.UnixMilli())
	for i := 9; i >= 0; i-- {
		b[i] = crockford[ms&31]
		ms >>= 5
	}
	var random [16]byte
	rand.Read(random[:])
	for i, r := range random {
		b[10+i] = crockford[r&31]
	}
	return string(b[:])
}

// validID reports whether the text has the form of newID. Everything that
// becomes part of a path passes here first.
func validID(id string) bool {
	return len(id) == 26 && strings.Trim(id, crockford) == ""
}

// madeAt is the moment that an identifier was made, to the millisecond.
func madeAt(id string) time.Time {
	var ms int64
	for _, c := range id[:10] {
		ms = ms<<5 | int64(strings.IndexRune(crockford, c))
	}
	return time.UnixMilli(ms)
}

// codeAlphabet has no letters that look or sound alike: no I, L, O, Q, and
// one each of M/N, U/V, D/B/P/T, G/C.
const codeAlphabet = "ACEFHKMRTVWXYZJS"

// newCode makes the four letters that a person types to confirm. There are
// 65,536 of them: the code names the transaction, it is no password (the
// socket admits root only).
func newCode() string {
	var random [2]byte
	rand.Read(random[:])
	n := binary.BigEndian.Uint16(random[:])
	code := make([]byte, 4)
	for i := range code {
		code[i] = codeAlphabet[n&15]
		n >>= 4
	}
	return string(code)
}
