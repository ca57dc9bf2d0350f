// Package stripe takes payments through Stripe, as PaymentIntents with manual
// capture.
//
// An intent is made before it is confirmed, in two requests: making it moves no
// money, takes nothing but what payment.Ref holds, and is keyed by our payment's
// id. So whoever knows the payment can ask for its intent again and gets the same
// one, whatever answer was lost, and a payment that was never asked for can be
// made impossible by cancelling its intent. Stripe forgets keys after a day; older
// intents are found by their metadata.
//
// At Stripe a refused intent may be tried again with another card. A payment of
// ours is one attempt: the intent is cancelled before its refusal is told.
//
// It serves ports.PaymentProvider and ports.Notifier and imports the standard
// library, nouns, ports and stripe-go.
package stripe
