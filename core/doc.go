// Package core is the shop as verbs: one use-case type per file, its commands
// and results beside it. It calls ports and knows nouns; it never sees HTTP,
// SQL or a broker, so a program that imports only core links nothing but the
// standard library.
//
// Every command says who is asking (By). Reads that may come from a replica or
// a cache take After: they see at least those writes. Writes return the Mark
// that such a read needs. Versions in commands are what the caller has seen;
// zero means whatever is there.
//
// What is not the actor's does not exist for it: NotFound, never Denied. An
// operator's verb answers Unauthenticated to nobody and Denied
// (permission_denied) to whoever lacks the permission.
package core
