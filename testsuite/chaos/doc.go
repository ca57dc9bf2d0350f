// Package chaos does to the shipped programs what the world does: it kills them
// in the middle of a sale, fills their disk, starts them twice, and lets a
// hundred and fifty people want the same fifty things. It builds the server and
// the CLI, runs them as processes of their own and looks only at what clients,
// operators and mail readers see.
//
// `go test` runs a short form. CHAOS_ROUNDS says how often the server is killed
// and, by being set, asks for the long form; `make chaos` is that.
package chaos
