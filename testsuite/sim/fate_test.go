package sim

// fate is what becomes of a call.
type fate uint8

const (
	goesOn      fate = iota
	failsBefore      // Unavailable: provably not done
	vanishes         // Unknown, and not done
	answerLost       // Unknown, and done
	twice            // done twice, the first answer lost
	late             // Unknown, and done a while later
	diesBefore       // its process dies before
	diesAfter        // its process dies after
	fates
)

func (f fate) String() string {
	return [...]string{"", "FAILS BEFORE", "IS LOST", "ANSWER IS LOST", "HAPPENS TWICE", "COMES LATE", "DIES BEFORE", "DIES AFTER", ""}[f]
}

// What may become of calls of a kind.
var (
	reads    = []fate{failsBefore, diesBefore}
	writes   = []fate{failsBefore, vanishes, answerLost, twice, diesBefore, diesAfter}
	claims   = []fate{failsBefore, diesBefore, diesAfter}
	asks     = []fate{failsBefore, vanishes, answerLost, twice, late, diesBefore, diesAfter}
	lookups  = []fate{failsBefore, vanishes, diesBefore}
	receives = []fate{failsBefore, diesBefore}
	acks     = []fate{answerLost, diesBefore}
)

// weather is what a seed's world is like: which fates occur at all, and how
// often. Few kinds at a time go deeper than all of them at once.
type weather struct {
	rates [fates]int // in 1000 calls
	left  int        // faults to come; at 0 it clears up
	kills int        // deaths to come
	haste int        // in 1000 choices, time passes while others could go on
}

func (w *world) forecast() weather {
	var sky weather
	for f := failsBefore; f < fates; f++ {
		if w.rng.IntN(2) == 0 {
			sky.rates[f] = []int{5, 20, 60, 150}[w.rng.IntN(4)]
		}
	}
	sky.left = w.rng.IntN(16)
	sky.kills = w.rng.IntN(4)
	sky.haste = []int{0, 20, 100, 300}[w.rng.IntN(4)]
	return sky
}

// fate draws what becomes of a call.
func (w *world) fate(c *call) fate {
	if w.sky.left <= 0 || w.calm {
		return goesOn
	}
	dice := w.rng.IntN(1000)
	for _, f := range c.kinds {
		if deadly := f == diesBefore || f == diesAfter; deadly && (c.party.process == nil || w.sky.kills <= 0) {
			continue
		}
		if dice -= w.sky.rates[f]; dice < 0 {
			w.sky.left--
			if f == diesBefore || f == diesAfter {
				w.sky.kills--
			}
			return f
		}
	}
	return goesOn
}
