// Package payment follows the money of one attempt to pay an order. A payment
// learns what happened from the provider's own account of it (State) by one
// function, Apply, whoever asked: the browser, a webhook, an operator or the
// reconciler. It imports the standard library and nouns up to order.
package payment
