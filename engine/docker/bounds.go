package docker

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// The longest answers that are read: of a call, and of one event in the stream.
const (
	maxAnswer = 8 << 20
	maxEvent  = 1 << 20
)

// errTooLong says that an answer was cut off.
var errTooLong = errors.New("the answer of the Docker engine is too long")

// onlyReads sends requests that change nothing, and bounds what comes back.
type onlyReads struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o onlyReads) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return nil, fmt.Errorf("%s %s: only reading calls are made", req.Method, req.URL.Path)
	}
	resp, err := o.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	b := &bounded{ReadCloser: resp.Body, left: maxAnswer}
	if strings.HasSuffix(req.URL.Path, "/events") {
		b.left, b.perLine = maxEvent, maxEvent
	}
	resp.Body = b
	return resp, nil
}

// bounded is a body of limited length, or of lines of limited length.
type bounded struct {
	io.ReadCloser
	left    int
	perLine int // 0: the limit is for the whole body
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	read := p[:n]
	if b.perLine > 0 {
		if i := strings.LastIndexByte(string(read), '\n'); i >= 0 {
			b.left, read = b.perLine, read[i+1:]
		}
	}
	if b.left -= len(read); b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}
