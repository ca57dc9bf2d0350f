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
	raw, err := r.Raw()
	if err != nil || raw.End() {
		return nil, nil, err
	}
	l, reject := raw.Decode(r.decoder)
	return l, reject, nil
}

// Raw is a line that nobody has decoded yet.
type Raw struct {
	Bytes  int    // of the feed, unpacked, up to its end
	Data   []byte // valid until the next is read
	number int
	reject *Reject // why it cannot be read
}

// End reports whether it is not a line but what follows the last one.
func (raw Raw) End() bool { return raw.Data == nil && raw.reject == nil }

// Decode is Decoder.Decode of the line.
func (raw Raw) Decode(d *Decoder) (*Line, *Reject) {
	if raw.reject != nil {
		return nil, raw.reject
	}
	return d.Decode(raw.number, raw.Data)
}

// Raw is Next for those who decode elsewhere: reading comes one after the other,
// decoding need not.
func (r *Reader) Raw() (Raw, error) {
	for {
		data, err := r.line()
		raw := Raw{Bytes: r.bytes, Data: data, number: r.number}
		switch {
		case errors.Is(err, io.EOF):
			return Raw{}, nil
		case errors.Is(err, errTooLong):
			raw.reject = &Reject{Line: r.number, Code: "too_long", Message: fmt.Sprintf("the line has more than %d bytes", MaxLine)}
			return raw, nil
		case err != nil:
			return Raw{}, unreadable(err)
		case len(bytes.TrimSpace(data)) > 0:
			return raw, nil
		}
	}
}

var errTooLong = errors.New("the line is too long")

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
