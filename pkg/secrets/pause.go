package secrets

import "time"

const (
	// firstPause follows the first read that did not help, maxPause each once they have
	// doubled up to it.
	firstPause = 1 * time.Second
	maxPause   = 1 * time.Minute
)

// pause keeps a read that did not help from being repeated by every request. It doubles
// with each one, and begins anew where there was no trouble for maxPause.
type pause struct {
	since  time.Time
	length time.Duration
}

func (p *pause) lengthen(now time.Time) {
	if !within(p.since, now, p.length+maxPause) {
		p.length = 0
	}
	p.since, p.length = now, min(max(2*p.length, firstPause), maxPause)
}

func (p *pause) end() { *p = pause{} }

func (p *pause) holds(now time.Time) bool { return within(p.since, now, p.length) }

// within reports whether less than d has passed since then. A clock that was set back is
// outside: who knows how long ago that was.
func within(then, now time.Time, d time.Duration) bool {
	age := now.Sub(then)
	return age >= 0 && age < d
}
