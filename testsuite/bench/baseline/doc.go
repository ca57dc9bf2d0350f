// Package baseline is what the shop is compared with: the least code for the
// same effect, written by hand and without any of the shop's. Nothing of it is
// reused, abstracted or careful; it only has to be as durable and to leave the
// same behind. It is fixed: a change of it needs a decision record, or today's
// ratios would say nothing beside last year's.
package baseline
