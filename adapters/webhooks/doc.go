// Package webhooks carries what the shop tells other programs to where they
// listen, over HTTP. Operators say where that is, so an address is held against
// the shop's own network when it is dialled, not when it is stored. It serves
// ports.WebhookSender and imports ports, nouns and the standard library.
package webhooks
