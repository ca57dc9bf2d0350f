package feed

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/bodega-commerce/bodega/core/fault"
)

// Reader reads the lines of a feed one after the other, in bounded memory.
type Reader struct {
	in      *bufio.Reader
	decoder *Decoder
	number  int
	bytes   int
	long    []byte // a line longer than the buffer of in
}

// NewReader returns a Reader of JSON lines, plain or gzip: the first bytes
// tell. Malformed for a gzip header that cannot be read.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, unreadable(err)
		}
		in = bufio.NewReaderSize(unpacked, 64<<10)
	}
	if mark, _ := in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3) // a byte order mark, peeked already
	}
	return &Reader{in: in, decoder: NewDecoder()}, nil
}

// Next returns the next line or the reject it became; both are nil at the end.
// Empty lines are passed over, and counted in numbers. The error says that the
// feed itself cannot be read any further.
func (r *Reader) Next() (*Line, *Reject, error) {
	for {
		data, err := r.line()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil, nil
		case errors.Is(err, errTooLong):
			return nil, &Reject{Line: r.number, Code: "too_long", Message: fmt.Sprintf("the line has more than %d bytes", MaxLine)}, nil
		case err != nil:
			return nil, nil, unreadable(err)
		}
		if len(bytes.TrimSpace(data)) == 0 {
			continue
		}
		l, reject := r.decoder.Decode(r.number, data)
		return l, reject, nil
	}
}

var errTooLong = errors.New("the line is too long")

// Bytes is how much of the feed, unpacked, has been read.
func (r *Reader) Bytes() int { return r.bytes }

// line returns the next line, valid until the one after it.
func (r *Reader) line() ([]byte, error) {
	data, err := r.in.ReadSlice('\n')
	r.bytes += len(data)
	if len(data) > 0 {
		r.number++
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		if errors.Is(err, io.EOF) && len(data) > 0 {
			err = nil // the last line has no end
		}
		return data, err
	}
	r.long = append(r.long[:0], data...)
	for errors.Is(err, bufio.ErrBufferFull) {
		data, err = r.in.ReadSlice('\n')
		r.bytes += len(data)
		if len(r.long) <= MaxLine {
			r.long = append(r.long, data...)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(r.long) > MaxLine {
		return nil, errTooLong
	}
	return r.long, nil
}

func unreadable(err error) error {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e
	}
	return &fault.Error{Kind: fault.Malformed, Code: "malformed_json", Op: "feed.Read", Detail: "the feed cannot be read to its end", Err: err}
}
