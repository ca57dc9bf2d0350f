// Package telemetry wraps ports so that what passes through them can be counted
// and traced, and is those ports itself. Programs put its decorators between a
// shop and its adapters and say who hears of what; it imports ports, nouns and
// OpenTelemetry.
package telemetry
