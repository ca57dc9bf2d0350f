// Package jobs is the shop's own hands: it takes jobs from a source and calls
// the verb each stands for, and it runs the loops that nobody asks for
// (sweeping, reconciling). Apps and embedders start it; it imports core, ports
// and nouns.
package jobs
