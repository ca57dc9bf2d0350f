// Package webhook holds what the shop tells other programs by itself: where they
// listen, what happened, and how far each was told of it. It imports the
// standard library, fault, id and job.
package webhook
