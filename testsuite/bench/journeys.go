package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

const shipTo = `{"first_name":"Ada","last_name":"Tester","line1":"Teststraße 1","city":"Berlin","postal_code":"10115","country":"DE"}`

// linesOfCart is how many different things a cart holds in all comparisons.
const linesOfCart = 3

// shopper is somebody with a cart.
type shopper struct {
	*client
	id, token string
}

// ask sends a request with the cart's token and reads the answer into into.
func (s *shopper) ask(want int, into any, method, path, body string, headers ...string) error {
	if s.token != "" {
		headers = append(headers, "X-Cart-Token: "+s.token)
	}
	status, answer, err := s.do(send(method, path, body, headers...))
	if err != nil {
		return err
	}
	if status != want {
		return fmt.Errorf("%s %s: %d %s", method, path, status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// fill opens a cart and puts three things into it.
func (p *plan) fill(c *client, n int) (*shopper, error) {
	s := &shopper{client: c}
	var opened struct{ ID, Token string }
	if err := s.ask(201, &opened, "POST", "/v1/carts", "{}"); err != nil {
		return nil, err
	}
	s.id, s.token = opened.ID, opened.Token
	for i := range linesOfCart {
		sku := p.SKUs[(n*linesOfCart+i)%len(p.SKUs)]
		if err := s.ask(200, nil, "PUT", "/v1/carts/"+s.id+"/lines/"+sku, `{"quantity":1}`); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// cart opens a cart and fills it; it is timed as a whole.
func (p *plan) cart(int) journey {
	return func(c *client, n int) (time.Duration, error) {
		began := time.Now()
		_, err := p.fill(c, n)
		return time.Since(began), err
	}
}

// checkout fills a cart, asks what it costs and pays; it is timed by the
// request that pays.
func (p *plan) checkout(int) journey {
	return func(c *client, n int) (time.Duration, error) {
		s, err := p.fill(c, n)
		if err != nil {
			return 0, err
		}
		var quote struct{ Total json.RawMessage }
		if err := s.ask(200, &quote, "POST", "/v1/checkout/quote", `{"cart_id":"`+s.id+`","shipping_address":{"country":"DE"}}`); err != nil {
			return 0, err
		}
		body := `{"cart_id":"` + s.id + `","email":"ada@example.com","shipping_address":` + shipTo +
			`,"payment":{"provider":"sandbox","token":"tok_ok"},"expected_total":` + string(quote.Total) + `}`
		var placed struct{ Status string }
		began := time.Now()
		err = s.ask(201, &placed, "POST", "/v1/checkout", body, "Idempotency-Key: "+rand.Text())
		took := time.Since(began)
		if err == nil && placed.Status != "confirmed" {
			err = fmt.Errorf("a paid order is %s", placed.Status)
		}
		return took, err
	}
}
