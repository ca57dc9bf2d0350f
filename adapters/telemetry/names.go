package telemetry

import (
	"go.opentelemetry.io/otel/attribute"

	"github.com/bodega-commerce/bodega/core/fault"
)

// The names of attributes, by OpenTelemetry's conventions. Those of messaging are
// not stable yet: here is where to follow them.
const (
	httpMethod  = attribute.Key("http.request.method")
	httpPath    = attribute.Key("url.path")
	httpRoute   = attribute.Key("http.route")
	httpStatus  = attribute.Key("http.response.status_code")
	errorType   = attribute.Key("error.type")
	destination = attribute.Key("messaging.destination.name")
	operation   = attribute.Key("messaging.operation.name")
	messageID   = attribute.Key("messaging.message.id")
	batchCount  = attribute.Key("messaging.batch.message_count")
	attempt     = attribute.Key("bodega.job.attempt")
	realm       = attribute.Key("db.namespace")
	provider    = attribute.Key("bodega.payment.provider")
)

// checkoutPath is where orders are placed.
const checkoutPath = "/v1/checkout"

// broke reports whether an error is a failure of the shop or of what it stands
// on, not an answer to somebody's question.
func broke(err error) bool {
	return fault.Is(err, fault.Internal, fault.Unavailable, fault.Unknown)
}
