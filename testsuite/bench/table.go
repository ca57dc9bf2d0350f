package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// verdict says whether a goal was reached.
type verdict uint8

const (
	told verdict = iota // there is no goal
	reached
	missed
)

func (v verdict) String() string { return [...]string{"", "ok", "MISSED"}[v] }

func judge(got bool) verdict {
	if got {
		return reached
	}
	return missed
}

// line is a figure of the table.
type line struct {
	name    string
	got     string // the shop's figure
	limit   string // what it is compared with
	ratio   string
	goal    string
	verdict verdict
	cpu     string // of a journey: the shop's, and the limit's
	waits   string // p50 and p99 of the shop
}

func (b *bench) add(l line) {
	b.lines = append(b.lines, l)
	b.say("%s: %s", l.name, strings.Join(strings.Fields(fmt.Sprint(l.got, " ", l.ratio, " ", l.verdict)), " "))
}

// addPair reports a comparison whose ratio has a goal.
func (b *bench) addPair(name, unit string, p pair, goal float64) {
	b.add(line{
		name: name, got: perSecond(p.ours.rate(), unit), limit: perSecond(p.limit.rate(), unit),
		ratio: fmt.Sprintf("%.2f (%.2f–%.2f)", p.ratio, p.low, p.high), goal: fmt.Sprintf("≥ %.1f", goal), verdict: judge(p.ratio >= goal),
		cpu: short(p.ours.perJourney()) + " / " + short(p.limit.perJourney()), waits: waits(p.ours.tally),
	})
}

// addWait reports a comparison of how long half of the answers take, whose ratio
// has a goal.
func (b *bench) addWait(name string, p pair, goal float64) {
	b.add(line{
		name: name, got: "p50 " + short(p.ours.P50), limit: "p50 " + short(p.limit.P50),
		ratio: fmt.Sprintf("%.2f", p.slower), goal: fmt.Sprintf("≤ %.2f", goal), verdict: judge(p.slower <= goal),
		cpu: short(p.ours.perJourney()) + " / " + short(p.limit.perJourney()), waits: waits(p.ours.tally),
	})
}

// addScale reports a rate beside the best of open peers on a machine like this.
func (b *bench) addScale(name, unit string, s sample, peer float64) {
	const goal = 50
	times := s.rate() / peer
	b.add(line{
		name: name, got: perSecond(s.rate(), unit), limit: fmt.Sprintf("%g/s peers", peer), ratio: fmt.Sprintf("%.0f×", times),
		goal: fmt.Sprintf("≥ %d×", goal), verdict: judge(times >= goal), cpu: short(s.perJourney()), waits: waits(s.tally),
	})
}

// addBound reports a figure that has to stay below or above a bound.
func (b *bench) addBound(name, got, goal string, v verdict) {
	b.add(line{name: name, got: got, goal: goal, verdict: v})
}

// addTail reports how much longer than most the unlucky wait.
func (b *bench) addTail(t tally) {
	const goal = 5
	times := float64(t.P99) / float64(max(1, t.P50))
	b.addBound("  its p99 beside its p50", fmt.Sprintf("%.1f×", times), fmt.Sprintf("≤ %d×", goal), judge(times <= goal))
}

func waits(t tally) string {
	if t.P99 == 0 {
		return ""
	}
	return short(t.P50) + " / " + short(t.P99)
}

func perSecond(rate float64, unit string) string {
	if unit != "" {
		unit = " " + unit
	}
	return thousands(rate) + "/s" + unit
}

// thousands writes a number with about three digits that mean something.
func thousands(x float64) string {
	if x < 100 {
		return fmt.Sprintf("%.1f", x)
	}
	step := math.Pow(10, math.Max(0, math.Floor(math.Log10(x))-2))
	n := int64(math.Round(x/step) * step)
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	default:
		return fmt.Sprintf("%d µs", d.Microseconds())
	}
}

func (b *bench) print(out io.Writer) {
	fmt.Fprintf(out, "%s, %d processors, %s %s/%s, load %s; %d users, medians of %d rounds; took %s\n\n",
		processor(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, load(), b.users, b.rounds, time.Since(b.began).Round(time.Second))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tshop\tlimit\tratio\tgoal\t\tcpu of one (shop / limit)\tp50 / p99")
	for _, l := range b.lines {
		fmt.Fprintln(table, strings.Join([]string{l.name, l.got, l.limit, l.ratio, l.goal, l.verdict.String(), l.cpu, l.waits}, "\t"))
	}
	_ = table.Flush()
}

// processor names the machine's processor where the system tells.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for l := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(l, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}

// load is how busy the machine is with everything, where the system tells.
func load() string {
	averages, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(averages), " ")
	return first
}
