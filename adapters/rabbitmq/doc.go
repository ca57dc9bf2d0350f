// Package rabbitmq carries jobs over RabbitMQ: a Publisher that hands them to
// the broker, and a JobSource that takes them from it. The relay and the
// consumer (adapters/jobs) call it.
//
// The client declares its topology itself on every connect:
//
//	jobs (topic) ──► <task>          one queue for each task, named after it
//	                   └─ dlx ──► <task>.dlq     what crashed its consumers too often
//	retry.<delay> (fanout) ──► retry.<delay> ─┐  waits, then goes back to its task
//	                   <task> ◄───────────────┘
//	unroutable (fanout) ──► unroutable           what no queue wanted
//
// Queues and exchanges never change their arguments under one name. A client
// is never without a plan for a broker that is away: publishing answers
// Unavailable at once, receiving waits, and a supervisor of each of its two
// connections tries again for ever. Nothing is kept in memory in between; the
// outbox is the buffer.
//
// It imports the standard library, nouns, ports and amqp091-go.
package rabbitmq
