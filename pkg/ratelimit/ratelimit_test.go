package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"

	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit/ratelimittest"
)

func TestMemory(t *testing.T) {
	ratelimittest.Run(t, func(testing.TB) ratelimit.Counter { return ratelimit.NewMemory() })
}

// TestMemoryDoesNotGrow: windows of clients that never come back are dropped too.
func TestMemoryDoesNotGrow(t *testing.T) {
	m := ratelimit.NewMemory()
	now, most := time.Now(), 0
	for i := range 5000 {
		if _, _, err := m.Hit(t.Context(), fmt.Sprint(i), now, time.Minute); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second) // so that 60 run at any time
		most = max(most, m.Len())
	}
	if most > 300 {
		t.Errorf("the counter grew to %d windows with 60 running", most)
	}
}

// fixedCounter answers what it is told to.
type fixedCounter struct {
	hits int
	ends time.Time
	err  error
}

func (c fixedCounter) Hit(context.Context, string, time.Time, time.Duration) (int, time.Time, error) {
	return c.hits, c.ends, c.err
}

func (c fixedCounter) GiveBack(context.Context, string, time.Time, int) error { return c.err }

var errDown = errors.New("down")

func TestDecision(t *testing.T) {
	now := time.Now()
	l := rate.Rate{Attempts: 5, Window: time.Minute}
	for _, c := range []struct {
		counter fixedCounter
		want    ratelimit.Decision
	}{
		{fixedCounter{hits: 1, ends: now.Add(time.Minute)}, ratelimit.Decision{Limit: l, Allowed: true, Remaining: 4, Reset: time.Minute}},
		{fixedCounter{hits: 5, ends: now.Add(time.Second)}, ratelimit.Decision{Limit: l, Allowed: true, Remaining: 0, Reset: time.Second}},
		{fixedCounter{hits: 6, ends: now.Add(1)}, ratelimit.Decision{Limit: l, Allowed: false, Remaining: 0, Reset: 1}},
		{fixedCounter{hits: 1000, ends: now.Add(-time.Second)}, ratelimit.Decision{Limit: l, Allowed: false, Remaining: 0, Reset: 0}},
	} {
		c.want.Ends = c.counter.ends
		got, err := ratelimit.Hit(t.Context(), c.counter, l, "key", now)
		if err != nil || got != c.want {
			t.Errorf("%d hits until %s give %+v, %v; want %+v", c.counter.hits, c.counter.ends.Sub(now), got, err, c.want)
		}
	}
	got, err := ratelimit.Hit(t.Context(), fixedCounter{hits: 1, err: errDown}, l, "key", now)
	if !errors.Is(err, errDown) || got.Allowed {
		t.Errorf("a failing counter gives %+v, %v: a limit that cannot be counted must not allow", got, err)
	}
}

func TestBucket(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.1":              "203.0.113.1",
		"::ffff:203.0.113.1":       "203.0.113.1",
		"::FFFF:cb00:7101":         "203.0.113.1",
		"0:0:0:0:0:ffff:cb00:7101": "203.0.113.1",
		"2001:db8:1:2:3:4:5:6":     "2001:db8:1:2::/64",
		"2001:DB8:1:2::":           "2001:db8:1:2::/64",
		"::1":                      "::/64",
		"::203.0.113.1":            "::/64", // not a mapped address, and not that IPv4 address
		"fe80::1%eth0":             "fe80::/64",
		"64:ff9b::203.0.113.1":     "64:ff9b::/64",
		"":                         "unknown",
		"localhost":                "unknown",
		"203.0.113.1:443":          "unknown",
		"[2001:db8::1]":            "unknown",
		"203.0.113.01":             "unknown",
		"203.0.113":                "unknown",
		" 203.0.113.1":             "unknown",
		"203.0.113.1, 10.0.0.1":    "unknown",
		"203.0.113.0/24":           "unknown",
	} {
		if got := ratelimit.Bucket(address); got != want {
			t.Errorf("the bucket of %q is %q, want %q", address, got, want)
		}
	}
}

func TestSite(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.1":              "203.0.113.1",
		"::ffff:203.0.113.1":       "203.0.113.1",
		"2001:db8:1:2:3:4:5:6":     "2001:db8:1::/48",
		"2001:db8:1:ffff::":        "2001:db8:1::/48",
		"2001:db8:2::":             "2001:db8:2::/48",
		"":                         "",
		"localhost":                "",
		"203.0.113.1, 203.0.113.2": "",
	} {
		if got := ratelimit.Site(address); got != want {
			t.Errorf("the site of %q is %q, want %q", address, got, want)
		}
	}
}

// FuzzClientKey: a bucket is one IPv4 address, one /64 that holds the address, or the
// bucket of the unreadable; v4 and v6 never meet.
func FuzzClientKey(f *testing.F) {
	for _, address := range []string{"203.0.113.1", "::ffff:203.0.113.1", "2001:db8::1", "fe80::1%eth0", "", "1.2.3.4:5", "::", "0.0.0.0", "::ffff:0:0", "1.2.3"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		key := ratelimit.Bucket(address)
		addr, err := netip.ParseAddr(address)
		switch {
		case err != nil:
			if key != "unknown" {
				t.Errorf("the unreadable %q has the bucket %q", address, key)
			}
		case addr.Is4() || addr.Is4In6():
			bucket, err := netip.ParseAddr(key)
			if err != nil || !bucket.Is4() || bucket != addr.Unmap() {
				t.Errorf("%q has the bucket %q", address, key)
			}
			if again := ratelimit.Bucket(netip.AddrFrom16(bucket.As16()).String()); again != key {
				t.Errorf("%q mapped has the bucket %q, want %q", address, again, key)
			}
		default:
			bucket, err := netip.ParsePrefix(key)
			if err != nil || bucket.Bits() != 64 || !bucket.Addr().Is6() || !bucket.Contains(addr.WithZone("")) {
				t.Errorf("%q has the bucket %q", address, key)
			}
		}
	})
}
