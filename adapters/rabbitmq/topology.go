package rabbitmq

import (
	"slices"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	jobsExchange = "jobs"
	deadExchange = "dlx"
	unroutable   = "unroutable" // an exchange and its queue

	deliveryLimit = 10 // handing out a job once more than this ends in its dead letters
	maxWaiting    = 1_000_000
	maxDead       = 100_000
)

func deadQueue(task string) string { return task + ".dlq" }

// topology is what the client needs to find on the broker.
type topology struct {
	tasks  []string
	delays delays
}

// declare makes what is not there yet. An exchange or queue that is there with
// other arguments is an error, which closes the channel.
func (t topology) declare(ch *amqp.Channel) error {
	if err := ch.ExchangeDeclare(unroutable, amqp.ExchangeFanout, true, false, false, false, nil); err != nil {
		return err
	}
	if err := queue(ch, unroutable, unroutable, "", amqp.Table{amqp.QueueMaxLenArg: maxDead}); err != nil {
		return err
	}
	elsewhere := amqp.Table{"alternate-exchange": unroutable}
	if err := ch.ExchangeDeclare(jobsExchange, amqp.ExchangeTopic, true, false, false, false, elsewhere); err != nil {
		return err
	}
	if err := ch.ExchangeDeclare(deadExchange, amqp.ExchangeDirect, true, false, false, false, elsewhere); err != nil {
		return err
	}
	for _, d := range t.delays {
		name := delayed(d)
		if err := ch.ExchangeDeclare(name, amqp.ExchangeFanout, true, false, false, false, elsewhere); err != nil {
			return err
		}
		// Without a dead-letter routing key an expired job keeps its own, which is
		// its task, and the default exchange takes it back to that queue.
		if err := queue(ch, name, name, "", amqp.Table{
			amqp.QueueMessageTTLArg: d.Milliseconds(), "x-dead-letter-exchange": amqp.DefaultExchange,
			"x-dead-letter-strategy": "at-least-once", amqp.QueueMaxLenArg: maxWaiting,
		}); err != nil {
			return err
		}
	}
	for _, task := range t.tasks {
		if err := declareTask(ch, task); err != nil {
			return err
		}
	}
	return nil
}

// declareTask makes the queue of a task and that of its dead letters.
func declareTask(ch *amqp.Channel, task string) error {
	// Dead letters may be handed out any number of times, until the store takes them.
	if err := queue(ch, deadQueue(task), deadExchange, task, amqp.Table{"x-delivery-limit": maxWaiting, amqp.QueueMaxLenArg: maxDead}); err != nil {
		return err
	}
	return queue(ch, task, jobsExchange, task, amqp.Table{
		"x-delivery-limit": deliveryLimit, "x-dead-letter-exchange": deadExchange,
		"x-dead-letter-strategy": "at-least-once", amqp.QueueMaxLenArg: maxWaiting,
	})
}

// queue makes a quorum queue that refuses what it has no room for, instead of
// dropping what it has, and binds it.
func queue(ch *amqp.Channel, name, exchange, key string, args amqp.Table) error {
	args[amqp.QueueTypeArg] = amqp.QueueTypeQuorum
	args[amqp.QueueOverflowArg] = amqp.QueueOverflowRejectPublish
	if _, err := ch.QueueDeclare(name, true, false, false, false, args); err != nil {
		return err
	}
	return ch.QueueBind(name, key, exchange, false, nil)
}

// delays are how long jobs can wait on the broker, rising. Longer waits are made
// of several, and what is left below the first is waited out by the consumer.
type delays []time.Duration

// DefaultDelays are the waits of job.Patience.
func defaultDelays() delays {
	return delays{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}
}

// step returns the longest delay within a wait; 0: even the first is too long.
func (l delays) step(wait time.Duration) time.Duration {
	i, exact := slices.BinarySearch(l, wait)
	if exact {
		return wait
	}
	if i == 0 {
		return 0
	}
	return l[i-1]
}

// delayed names the exchange and the queue of a delay: retry.10s, retry.30m.
func delayed(d time.Duration) string {
	s := d.String()
	if short, ok := strings.CutSuffix(s, "m0s"); ok {
		s = short + "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return "retry." + s
}
