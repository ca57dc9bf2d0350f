package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/id"
)

// Mails writes to shoppers. A mail's Message-ID is that of the job that asked
// for it: a job done twice is one mail to whoever looks at Message-IDs.
type Mails struct{ s *shared }

// SendConfirmation mails what was ordered. An order that is not confirmed is a
// success without a mail.
func (x *Mails) SendConfirmation(ctx context.Context, j id.Job, o id.Order) error {
	return notYet()
}

// SendLink mails a link that shows an order.
func (x *Mails) SendLink(ctx context.Context, j id.Job, o id.Order) error {
	return notYet()
}
