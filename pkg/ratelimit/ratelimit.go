// Package ratelimit counts what one client address does in a fixed window, as
// express-rate-limit does: the window starts with the first hit, and every hit counts,
// also those that are refused. Hits that turned out to be welcome can be given back
// (GiveBack), to the window they were counted in and to no other.
//
// Counting has to be atomic and is a Counter's; the arithmetic is Hit's. Limits of a
// recipient are not here: they are the domain's (pkg/otp).
package ratelimit

import (
	"context"
	"net/netip"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Counter counts hits by key.
//
// Obligations on implementations: both methods bound their time. Hit adds exactly one,
// or more if an answer was lost, never less; after an error the caller must not go on: a
// limit that cannot be counted is a limit that does not hold. GiveBack takes away what it
// is told to or nothing, and never twice.
type Counter interface {
	// Hit adds one to the key's running window, or starts a window that ends at
	// now+window, and returns the count with this hit in it and the window's end.
	Hit(ctx context.Context, key string, now time.Time, window time.Duration) (hits int, ends time.Time, err error)
	// GiveBack takes hits away from the key's window. It does nothing, which is no
	// error, if the window does not end then (to the millisecond) or has fewer hits.
	GiveBack(ctx context.Context, key string, ends time.Time, hits int) error
}

// Decision is where a client stands after a hit.
type Decision struct {
	Limit     rate.Rate
	Allowed   bool
	Remaining int
	// Reset is how long the window still lasts, until Ends.
	Reset time.Duration
	Ends  time.Time
}

// Hit counts one request against a limit.
func Hit(ctx context.Context, c Counter, limit rate.Rate, key string, now time.Time) (Decision, error) {
	hits, ends, err := c.Hit(ctx, key, now, limit.Window)
	if err != nil {
		return Decision{}, err
	}
	return Decision{
		Limit:     limit,
		Allowed:   hits <= limit.Attempts,
		Remaining: max(limit.Attempts-hits, 0),
		Reset:     max(ends.Sub(now), 0),
		Ends:      ends,
	}, nil
}

// What one subscriber of IPv6 is given at least, and what a site gets at most (RFC 6177). A
// limit per single IPv6 address is none.
const (
	subscriberNetwork = 64
	siteNetwork       = 48
)

// unknownClient is the bucket of requests without a readable address. API Gateway
// always has one; sharing one bucket is the strict side.
const unknownClient = "unknown"

// Bucket returns the bucket of a client's address: the address itself for IPv4, its /64
// for IPv6. An IPv4-mapped IPv6 address is the IPv4 address; unmapping comes first, or all
// of IPv4 would share ::/64.
func Bucket(address string) string { return bucket(address, subscriberNetwork) }

// Site returns a wider bucket: the address itself for IPv4, its /48 for IPv6. It is for
// what one party may do to a single recipient, where a site's many networks would be as
// many parties. It is empty for an address that cannot be read.
func Site(address string) string {
	site := bucket(address, siteNetwork)
	if site == unknownClient {
		return ""
	}
	return site
}

func bucket(address string, network int) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return unknownClient
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(network)
	if err != nil {
		return unknownClient
	}
	return prefix.String()
}
