package rabbitmq

import (
	"context"
	"errors"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/fault"
)

// refusal returns what a broker that is there will go on refusing until a
// person has changed something, as one line for that person; nil for anything
// that may pass by itself.
func refusal(a address, err error) error {
	var e *amqp.Error
	if !errors.As(err, &e) {
		return nil
	}
	why := ""
	switch e.Code {
	case amqp.AccessRefused:
		why = fmt.Sprintf("RabbitMQ at %s refuses the user %q: wrong password, or no permission", a, a.user)
	case amqp.NotAllowed:
		why = fmt.Sprintf("RabbitMQ at %s refuses the vhost: it does not exist, or the user %q may not use it", a, a.user)
	case amqp.PreconditionFailed:
		why = fmt.Sprintf("RabbitMQ at %s has a queue or exchange of our name with other arguments; delete it or use another vhost", a)
	default:
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Op: "rabbitmq.Open", Detail: why, Err: err}
}

func unavailable(op, detail string, err error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Op: "rabbitmq." + op, Detail: detail, Err: err}
}

func closed(op string) error { return unavailable(op, "the client is closed", nil) }

func canceled(ctx context.Context, op string) error {
	return fault.Wrap(fault.Canceled, "rabbitmq."+op, context.Cause(ctx))
}
