package s3

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/minio/minio-go/v7"

	"github.com/bodega-commerce/bodega/core/fault"
)

// translate says what a failure means: what the store has refused, or what
// never reached it, did not happen; of the rest it is as otherwise says.
func translate(op string, err error, otherwise fault.Kind) error {
	answer := minio.ToErrorResponse(err)
	dial, network := errors.AsType[*net.OpError](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Canceled, op, err)
	case answer.StatusCode >= 400 && answer.StatusCode < 500, answer.StatusCode == http.StatusServiceUnavailable, network && dial.Op == "dial":
		return fault.Wrap(fault.Unavailable, op, err) // the key, the bucket, the clock, the network: the operator's to mend
	}
	return fault.Wrap(otherwise, op, err)
}
