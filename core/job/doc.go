// Package job holds work that is done after the fact: its envelope, its tasks
// with their payloads, and how often and how late it is tried again. It imports
// the standard library, fault, id and money.
package job
