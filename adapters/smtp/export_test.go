package smtp

import (
	"context"
	"net"
)

// Over makes a mailer's connections in another way than over the network.
func (m *Mailer) Over(connect func(ctx context.Context, network, address string) (net.Conn, error)) *Mailer {
	m.connect = connect
	return m
}
