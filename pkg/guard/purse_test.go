package guard

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAmounts(t *testing.T) {
	for text, want := range map[string]string{
		"0.08": "0.08", "1": "1.00", "0.000001": "0.000001", "1000": "1000.00", "12.5": "12.50", "0.1234567": "", "0": "", "0.0": "",
		"-1": "", "+1": "", "1.": "", ".5": "", "1,5": "", "1e3": "", "1000.000001": "", "9999999999999": "", "": "", " 1": "", "0x1": "", "1.0.0": "", "٣": "",
	} {
		amount, ok := parseAmount(text, mostPrice)
		got := ""
		if ok {
			got = amount.String()
		}
		if got != want {
			t.Errorf("parseAmount(%q) = %q, want %q", text, got, want)
		}
	}
	if got := Amount(-1_500_000).String(); got != "-1.50" {
		t.Errorf("a debt of 1.5 is written %s", got)
	}
}

// TestAmountsRoundTrip: what is written is read as the same.
func TestAmountsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := Amount(rapid.Int64Range(1, int64(mostLimit)).Draw(t, "amount"))
		if got, ok := parseAmount(amount.String(), mostLimit); !ok || got != amount {
			t.Fatalf("%d is written %s and read as %d", amount, amount, got)
		}
	})
}

func TestShares(t *testing.T) {
	for limit := Amount(0); limit < 1000; limit++ {
		strangers, known := share(limit, false), share(limit, true)
		if known != limit || 5*strangers > 4*limit || 5*(strangers+1) <= 4*limit {
			t.Errorf("of %d strangers may spend %d and known numbers %d", limit, strangers, known)
		}
	}
	if got := share(mostLimit, false); got != 800_000_000*one {
		t.Errorf("strangers may spend %s of %s", got, mostLimit)
	}
}

func pays(price, most Amount, now, ends time.Time, begins bool) Payment {
	return Payment{Price: price, Most: most, Now: now, Ends: ends, Begins: begins}
}

// TestPayments: the edges of a limit and of a window.
func TestPayments(t *testing.T) {
	end := start.Add(day)
	running := Purse{Spent: 70, Mail: 7, Ends: end}
	for name, c := range map[string]struct {
		purse   Purse
		payment Payment
		want    Purse
		ok      bool
	}{
		"equal to the limit":           {running, pays(30, 100, start, time.Time{}, false), Purse{100, 7, end}, true},
		"above it":                     {running, pays(31, 100, start, time.Time{}, false), running, false},
		"the first of a window":        {Purse{}, pays(30, 100, start, end, true), Purse{30, 0, end}, true},
		"dearer than all":              {Purse{}, pays(101, 100, start, end, true), Purse{}, false},
		"the window's last moment":     {running, pays(30, 100, end.Add(-time.Millisecond), end, false), Purse{100, 7, end}, true},
		"the next window's first":      {running, pays(30, 100, end, end.Add(day), true), Purse{30, 0, end.Add(day)}, true},
		"begins one that runs":         {running, pays(30, 100, start, end, true), running, false},
		"into one that is over":        {running, pays(30, 100, end, end, false), running, false},
		"into one that never began":    {Purse{}, pays(30, 100, start, end, false), Purse{}, false},
		"mail within its part":         {running, Payment{Price: 3, Most: 100, Mail: true, MostMail: 10, Now: start}, Purse{73, 10, end}, true},
		"mail above its part":          {running, Payment{Price: 4, Most: 100, Mail: true, MostMail: 10, Now: start}, running, false},
		"mail above the whole":         {running, Payment{Price: 3, Most: 72, Mail: true, MostMail: 10, Now: start}, running, false},
		"mail begins a window":         {running, Payment{Price: 3, Most: 100, Mail: true, MostMail: 10, Now: end, Ends: end.Add(day), Begins: true}, Purse{3, 3, end.Add(day)}, true},
		"mail dearer than all of mail": {Purse{}, Payment{Price: 11, Most: 100, Mail: true, MostMail: 10, Now: start, Ends: end, Begins: true}, Purse{}, false},
	} {
		got, ok := c.payment.apply(c.purse)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v, want %+v, %v", name, got, ok, c.want, c.ok)
		}
	}
}

func TestRefunds(t *testing.T) {
	end := start.Add(day)
	purse := Purse{Spent: 70, Mail: 7, Ends: end}
	for name, c := range map[string]struct {
		refund Refund
		want   Purse
		ok     bool
	}{
		"to its window":       {Refund{Price: 30, Ends: end}, Purse{40, 7, end}, true},
		"of mail":             {Refund{Price: 5, Mail: true, Ends: end}, Purse{65, 2, end}, true},
		"to a window of yore": {Refund{Price: 30, Ends: end.Add(-day)}, purse, false},
		"to one to come":      {Refund{Price: 30, Ends: end.Add(day)}, purse, false},
		"to none, by mistake": {Refund{Price: 30}, purse, false},
	} {
		got, ok := c.refund.apply(purse)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %+v, %v, want %+v, %v", name, got, ok, c.want, c.ok)
		}
	}
}

// TestWindowsNeverPassTheirLimit: whatever is paid and given back, and whenever. A message
// that went out is in exactly one window, and the messages of no window cost more than may
// be spent.
func TestWindowsNeverPassTheirLimit(t *testing.T) {
	type message struct {
		price Amount
		mail  bool
		ends  time.Time
	}
	rapid.Check(t, func(t *rapid.T) {
		limit := Amount(rapid.Int64Range(1, 500).Draw(t, "limit"))
		var purse Purse
		now := start
		var out []message
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, day.Milliseconds()/10).Draw(t, "pause")) * time.Millisecond)
			if len(out) > 0 && rapid.IntRange(0, 3).Draw(t, "gives back") == 0 {
				i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
				m := out[i]
				purse, _ = Refund{Price: m.price, Mail: m.mail, Ends: m.ends}.apply(purse)
				out = append(out[:i], out[i+1:]...)
				continue
			}
			known := rapid.Bool().Draw(t, "known")
			p := Payment{
				Price: Amount(rapid.Int64Range(1, 60).Draw(t, "price")), Most: share(limit, known),
				Mail: rapid.Bool().Draw(t, "mail"), MostMail: limit / tenthPart,
				Begins: !purse.within(now), Now: now, Ends: now.Add(day),
			}
			next, ok := p.apply(purse)
			if ok != (next != purse) {
				t.Fatalf("applied is %v, and the purse went from %+v to %+v", ok, purse, next)
			}
			if !ok {
				continue
			}
			purse = next
			out = append(out, message{p.Price, p.Mail, purse.Ends})
			sum, mail := Amount(0), Amount(0)
			for _, m := range out {
				if m.ends.Equal(purse.Ends) {
					sum += m.price
					if m.mail {
						mail += m.price
					}
				}
			}
			if sum != purse.Spent || mail != purse.Mail {
				t.Fatalf("the purse has %+v, its messages cost %d, by mail %d", purse, sum, mail)
			}
			if sum > limit || !known && sum > 4*limit/5 || p.Mail && mail > limit/10 {
				t.Fatalf("of %d the window's messages cost %d, by mail %d", limit, sum, mail)
			}
		}
	})
}

func TestRaise(t *testing.T) {
	r := Raise{By: 50, Until: start.Add(time.Hour)}
	for after, want := range map[time.Duration]Amount{0: 50, time.Hour - 1: 50, time.Hour: 0, 2 * time.Hour: 0} {
		if got := r.at(start.Add(after)); got != want {
			t.Errorf("after %s the limit is raised by %d, want %d", after, got, want)
		}
	}
	if (Raise{}).at(start) != 0 {
		t.Error("no raise raises")
	}
}
