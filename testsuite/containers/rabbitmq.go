package containers

import (
	"context"
	"net"
	"net/url"
	"os"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func rabbitmq() service {
	return service{
		name: "rabbitmq", title: "RabbitMQ", official: "rabbitmq:3-management",
		ports: []string{"5672/tcp", managementPort},
		env:   map[string]string{"RABBITMQ_DEFAULT_USER": "bodega", "RABBITMQ_DEFAULT_PASS": "bodega"},
		url:   plain("amqp", "bodega", "bodega", "/"),
		ping: func(ctx context.Context, s *Server) error {
			c, err := amqp.DialConfig(s.URL, amqp.Config{Dial: amqp.DefaultDial(4 * time.Second)})
			if err != nil {
				return err
			}
			defer c.Close()
			management, err := s.management()
			if err != nil {
				return err
			}
			_, err = request(ctx, "GET", management+"/api/overview")
			return err
		},
		patience: 3 * time.Minute,
	}
}

const (
	managementPort     = "15672/tcp"
	managementVariable = "BODEGA_TEST_RABBITMQ_MANAGEMENT_URL" // beside the broker's own
)

// RabbitMQ returns the URL of a virtual host, deleted after the test with all
// it holds.
func RabbitMQ(t testing.TB) string {
	t.Helper()
	server := shared(t, rabbitmq())
	vhost := unique(t)
	path := server.Management(t) + "/api/vhosts/" + vhost
	if _, err := request(t.Context(), "PUT", path); err != nil {
		t.Fatalf("containers: %v", err)
	}
	after(t, func(ctx context.Context) error {
		_, err := request(ctx, "DELETE", path)
		return err
	})
	return withPath(t, server.URL, vhost)
}

// RabbitMQManagement returns the URL of the management API of the server whose
// virtual hosts RabbitMQ returns, with its credentials and without a slash at
// its end.
func RabbitMQManagement(t testing.TB) string {
	t.Helper()
	return shared(t, rabbitmq()).Management(t)
}

// Management returns the URL of a broker's management API. Of a broker that is
// given by BODEGA_TEST_RABBITMQ_URL alone it is on port 15672 of its host.
func (s *Server) Management(t testing.TB) string {
	t.Helper()
	management, err := s.management()
	if err != nil {
		t.Fatalf("containers: %v", err)
	}
	return management
}

func (s *Server) management() (string, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return "", err
	}
	address, known := s.addresses[managementPort]
	if !known {
		if given := os.Getenv(managementVariable); given != "" {
			return given, nil
		}
		address = net.JoinHostPort(u.Hostname(), "15672")
	}
	return (&url.URL{Scheme: "http", User: u.User, Host: address}).String(), nil
}
