package main

import (
	"fmt"
	"time"
)

// API Gateway's throttle is not ours to replay: this is its model, the token bucket that
// AWS documents (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html).
// It is one bucket for all clients, so whoever fills it stands in everybody's way.

// bucket is a token bucket: it holds burst, and gets rate back a second.
type bucket struct {
	rate, burst float64
	tokens      float64
	at          time.Time
}

func (b *bucket) take(now time.Time) bool {
	b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// THROTTLE_SEND, and the requests a second of a host that sends junk.
const throttleRate, throttleBurst = 50, 100

var floods = []int{25, 50, 100, 200, 500, 1000}

// What AWS charges per million, by the price lists of us-east-1 in 2026-11: junk that
// reaches the function and is refused for its form (request, invocation, log; throttled
// ones are free), and what AWS WAF looks at before CloudFront (its blocked ones are free of
// CloudFront's own charge).
const (
	perJunk      = 1.00 + 0.27 + 0.50
	perInspected = 0.60
)

// floodRow replays an hour of junk on the bucket, beside the honest requests of the busiest
// hour of a service ten times the usual size.
func floodRow(seed uint64, perSecond int) row {
	const honestPerHour = 1000
	w := newWorld(seed, size(1000).setupFor(nil))
	b := bucket{rate: throttleRate, burst: throttleBurst, tokens: throttleBurst, at: w.now}
	passed, honest, displaced := 0, 0, 0
	hour := &attack{lasts: time.Hour}
	jitter := func(rate float64) func() time.Duration {
		return func() time.Duration { return time.Duration(w.random.ExpFloat64() / rate * float64(time.Second)) }
	}
	w.every(hour, jitter(float64(perSecond)), func(int) {
		if b.take(w.now) {
			passed++
		}
	})
	w.every(hour, jitter(honestPerHour/3600.0), func(int) {
		honest++
		if !b.take(w.now) {
			displaced++
		}
	})
	w.run(w.now.Add(time.Hour))
	const hours = 24
	out := row{section: "Junk at the throttle", cells: []string{
		fmt.Sprint(perSecond), share(100 * float64(displaced) / float64(honest)),
		fmt.Sprintf("%.2f", hours*float64(passed)*perJunk/million), fmt.Sprintf("%.2f", hours*3600*float64(perSecond)*perInspected/million),
	}}
	if perSecond < throttleRate && displaced > 0 {
		out.miss("%d of %d honest requests are displaced by less than the throttle", displaced, honest)
	}
	return out
}
