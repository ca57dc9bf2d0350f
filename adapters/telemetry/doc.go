// Package telemetry wraps ports so that what passes through them can be counted
// and traced, and is those ports itself. Programs put its decorators between a
// shop and its adapters and say who hears of what; it imports ports, nouns and
// OpenTelemetry.
//
// A trace follows a request through its transactions and the provider, and on
// through the jobs it leaves behind to what they do. All that a job carries of
// it is its trace id: the span that sends a job has the end of the job's own id
// for its id, so that whoever works the job off knows its parent.
package telemetry
