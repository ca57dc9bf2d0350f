package smtp

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
)

// Server is a mail server and how to speak to it.
type Server struct {
	Host string
	Port int

	user, password string
	tls            mode
}

// mode says how a connection becomes private.
type mode int

const (
	starttls      mode = iota // by STARTTLS, or nothing is sent
	direct                    // from the first byte
	opportunistic             // by STARTTLS if the server offers it
	plain                     // it does not
)

const form = "must be like smtp://user:password@host:587 or smtps://user:password@host"

// Parse reads smtp://[user:password@]host[:587] and smtps://[user:password@]host[:465].
// smtp means STARTTLS, which the server has to offer; ?tls=opportunistic does
// without it if it does not, ?tls=none always. Its errors say what is wrong in
// one line without the password.
func Parse(raw string) (Server, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return Server{}, errors.New(form)
	}
	s := Server{Host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	switch u.Scheme {
	case "smtp":
		s.Port = 587
	case "smtps":
		s.Port, s.tls = 465, direct
	default:
		return Server{}, errors.New(form)
	}
	if port := u.Port(); port != "" {
		if s.Port, err = strconv.Atoi(port); err != nil || s.Port < 1 || s.Port > 65535 {
			return Server{}, fmt.Errorf("%s is not a port: %s", port, form)
		}
	}
	if (s.user == "") != (s.password == "") {
		return Server{}, errors.New("lacks the user or the password: " + form)
	}
	for name, values := range u.Query() {
		switch value := values[len(values)-1]; {
		case name == "tls" && value == "none" && u.Scheme == "smtp":
			s.tls = plain
		case name == "tls" && value == "opportunistic" && u.Scheme == "smtp":
			s.tls = opportunistic
		default:
			return Server{}, fmt.Errorf("?%s=%s is not understood: there is tls=none|opportunistic with smtp", name, value)
		}
	}
	if s.tls == plain && s.user != "" {
		return Server{}, errors.New("would send the password in the clear: leave out tls=none, or the password")
	}
	return s, nil
}

// String is the server without its secret, for logs.
func (s Server) String() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }
