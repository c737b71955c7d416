package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

const (
	forbidden = `{"error":"Forbidden.","code":"origin_refused"}`
	noAddress = `{"error":"Client address is required.","code":"client_address_required"}`

	originKey    = "canary-origin-key-of-the-cloudfront-distribution"
	newOriginKey = "canary-origin-key-that-follows-it-in-a-rotation"
	clientHeader = "X-Client-Address"
)

// originKeys are what the secret holds.
type originKeys []string

func (k originKeys) IsOriginKey(_ context.Context, candidate string) (bool, error) {
	return slices.Contains(k, candidate), nil
}

// secretAway is a secret that cannot be read.
type secretAway struct{ asked int }

func (s *secretAway) IsOriginKey(context.Context, string) (bool, error) {
	s.asked++
	return false, fmt.Errorf("%w: %w", otp.ErrUnavailable, errBroken)
}

// behind is a deployment whose clients are named by a header.
func behind(header string, keys httpapi.OriginKeys) func(*setup) {
	return func(s *setup) { s.client = httpapi.ClientAddress{Header: header, Keys: keys} }
}

func iam(change func(*events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription)) change {
	return func(e *events.APIGatewayV2HTTPRequest) {
		caller := &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{AccountID: "123456789012", UserARN: "arn:aws:iam::123456789012:role/backend"}
		change(caller)
		e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{IAM: caller}
	}
}

// TestWhoIsBelieved: a header says who the client is if the caller shows an origin key,
// or is one of the owner's own. Nobody else gets anything, or is counted.
func TestWhoIsBelieved(t *testing.T) {
	type authorizer = events.APIGatewayV2HTTPRequestContextAuthorizerDescription
	authorized := func(a *authorizer) change {
		return func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.Authorizer = a }
	}
	unchanged := func(*events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription) {}
	rotating := originKeys{originKey, newOriginKey}
	for _, c := range []struct {
		name     string
		keys     httpapi.OriginKeys
		changes  []change
		believed bool
	}{
		{"the key", originKeys{originKey}, []change{withHeader("x-origin-key", originKey)}, true},
		{"the key, in another spelling of the header", originKeys{originKey}, []change{withHeader("X-Origin-Key", originKey)}, true},
		{"the first of two keys", rotating, []change{withHeader("x-origin-key", originKey)}, true},
		{"the second of two keys", rotating, []change{withHeader("x-origin-key", newOriginKey)}, true},
		{"IAM", nil, []change{iam(unchanged)}, true},
		{"IAM and no key of the right ones", rotating, []change{iam(unchanged), withHeader("x-origin-key", "x")}, true},

		{"nothing", rotating, nil, false},
		{"an empty key", originKeys{originKey, ""}, []change{withHeader("x-origin-key", "")}, false},
		{"another key", rotating, []change{withHeader("x-origin-key", "canary-origin-key-of-the-cloudfront-distributioN")}, false},
		{"a key's beginning", rotating, []change{withHeader("x-origin-key", originKey[:47])}, false},
		{"more than a key", rotating, []change{withHeader("x-origin-key", originKey+"x")}, false},
		{"a key in white space", rotating, []change{withHeader("x-origin-key", " "+originKey)}, false},
		{"the key twice", rotating, []change{withHeader("x-origin-key", originKey+","+originKey)}, false},
		{"the key in two spellings", rotating, []change{withHeader("x-origin-key", originKey), withHeader("X-Origin-Key", originKey)}, false},
		{"both keys", rotating, []change{withHeader("x-origin-key", originKey+","+newOriginKey)}, false},
		{"the key in another header", rotating, []change{withHeader("authorization", originKey)}, false},
		{"a key of no deployment", originKeys{}, []change{withHeader("x-origin-key", originKey)}, false},
		{"a deployment without keys", nil, []change{withHeader("x-origin-key", originKey)}, false},
		{"an authorizer that says nothing", rotating, []change{authorized(&authorizer{})}, false},
		{"an IAM authorizer that names nobody", rotating, []change{authorized(&authorizer{IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{}})}, false},
		{"a JWT", rotating, []change{authorized(&authorizer{JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
			Claims: map[string]string{"sub": "somebody"},
		}})}, false},
		{"a Lambda authorizer", rotating, []change{authorized(&authorizer{Lambda: map[string]any{"iam": "yes"}})}, false},
		{"an end user of a Cognito identity pool", rotating, []change{iam(func(c *events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription) {
			c.CognitoIdentity.IdentityID = "eu-central-1:1"
		})}, false},
		{"one of an identity pool without a name", rotating, []change{iam(func(c *events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription) {
			c.CognitoIdentity.IdentityPoolID = "eu-central-1:2"
		})}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for path, body := range posts {
					r := newRig(t, behind(clientHeader, c.keys))
					got := r.post(path, body, append(c.changes, withHeader(clientHeader, "203.0.113.9"))...)
					if !c.believed {
						got.want(t, http.StatusForbidden, forbidden)
						r.wantFree(got)
					} else if got.StatusCode == http.StatusForbidden || r.counter.calls != 1 {
						t.Errorf("%s got %d %s, counted %d times; want it served and counted", path, got.StatusCode, got.Body, r.counter.calls)
					}
					r.wantNoCanary()
				}
			})
		})
	}
}

// TestOriginKeyRotation: CloudFront's distribution takes minutes to change over, so old
// and new are shown side by side, and nobody is refused.
func TestOriginKeyRotation(t *testing.T) {
	keys := &rotatingKeys{originKeys{originKey}}
	served := func(r *rig, shown string) {
		r.tb.Helper()
		got := r.post(httpapi.RouteVerify, posts[httpapi.RouteVerify], withHeader("x-origin-key", shown), withHeader(clientHeader, "203.0.113.9"))
		got.want(r.tb, http.StatusUnauthorized, unauthorized)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, behind(clientHeader, keys))
		served(r, originKey)
		keys.originKeys = originKeys{originKey, newOriginKey} // first the secret,
		served(r, originKey)
		served(r, newOriginKey) // then edge after edge,
		served(r, originKey)
		served(r, newOriginKey)
		keys.originKeys = originKeys{newOriginKey} // and the secret again
		served(r, newOriginKey)
		r.post(httpapi.RouteVerify, posts[httpapi.RouteVerify], withHeader("x-origin-key", originKey), withHeader(clientHeader, "203.0.113.9")).
			want(t, http.StatusForbidden, forbidden)
	})
}

type rotatingKeys struct{ originKeys }

// TestOriginKeysAway: without the secret nobody is believed, and that is no refusal.
// Who shows no key, or needs none, does not wait for it.
func TestOriginKeysAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := &secretAway{}
		r := newRig(t, behind(clientHeader, keys))
		address := withHeader(clientHeader, "203.0.113.9")
		r.post(httpapi.RouteVerify, posts[httpapi.RouteVerify], address).want(t, http.StatusForbidden, forbidden)
		r.post(httpapi.RouteVerify, posts[httpapi.RouteVerify], address, iam(func(*events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription) {})).
			want(t, http.StatusUnauthorized, unauthorized)
		if keys.asked != 0 {
			t.Errorf("the keys were asked for %d times, want not at all", keys.asked)
		}
		counted := r.counter.calls
		got := r.post(httpapi.RouteVerify, posts[httpapi.RouteVerify], address, withHeader("x-origin-key", originKey))
		got.wantCode(t, http.StatusServiceUnavailable, "unavailable")
		if r.counter.calls != counted {
			t.Error("it counted")
		}
		r.wantNoCanary()
	})
}

// TestServedToAll: what spends nothing needs no origin.
func TestServedToAll(t *testing.T) {
	r := newRig(t, behind(clientHeader, originKeys{originKey}))
	r.do(event(http.MethodGet, "/", "")).wantOK(t)
	r.do(event(http.MethodHead, "/", "")).wantOK(t)
	for path := range posts {
		r.do(event(http.MethodOptions, path, "")).want(t, http.StatusNoContent, "")
		r.do(event(http.MethodGet, path, "")).want(t, http.StatusMethodNotAllowed, notAllowed)
	}
}

// viewer and plain are the values of the two kinds of header, and the address in them;
// empty for those that hold none.
var (
	viewerAddresses = map[string]string{
		"203.0.113.1:443":                   "203.0.113.1",
		"203.0.113.1:1":                     "203.0.113.1",
		"203.0.113.1:65535":                 "203.0.113.1",
		"2001:db8::1:443":                   "2001:db8::1",
		"2001:db8:1:2:3:4:5:6:443":          "2001:db8:1:2:3:4:5:6",
		"2001:0DB8:0:0::0001:46532":         "2001:db8::1",
		"::1:443":                           "::1",
		"2001:db8:::443":                    "2001:db8::",
		"[2001:db8::1]:443":                 "2001:db8::1",
		"[2001:db8:1:2:3:4:5:6]:443":        "2001:db8:1:2:3:4:5:6",
		"::ffff:203.0.113.1:443":            "203.0.113.1",
		"[::ffff:203.0.113.1]:443":          "203.0.113.1",
		"203.0.113.1":                       "", // CloudFront always writes a port
		"2001:db8:1:2:3:4:5:6":              "",
		"[2001:db8::1]":                     "",
		"[203.0.113.1]:443":                 "",
		"[2001:db8::1:443":                  "",
		"2001:db8::1]:443":                  "",
		"fe80::1%eth0:443":                  "",
		"[fe80::1%eth0]:443":                "",
		"203.0.113.1:443,198.51.100.1:443":  "",
		"203.0.113.1:443, 198.51.100.1:443": "",
		"2001:db8::1:443,2001:db8::2:443":   "",
	}
	plainAddresses = map[string]string{
		"203.0.113.1":               "203.0.113.1",
		"203.0.113.1:443":           "203.0.113.1",
		"2001:db8::1":               "2001:db8::1",
		"2001:db8::1:443":           "2001:db8::1:443", // the last group
		"2001:DB8:1:2:3:4:5:6":      "2001:db8:1:2:3:4:5:6",
		"[2001:db8::1]:443":         "2001:db8::1",
		"::ffff:203.0.113.1":        "203.0.113.1",
		"::":                        "::",
		"2001:db8:1:2:3:4:5:6:443":  "", // a port takes brackets here
		"[2001:db8::1]":             "",
		"[203.0.113.1]:443":         "",
		"[203.0.113.1]":             "",
		"fe80::1%eth0":              "",
		"::ffff:203.0.113.1%eth0":   "",
		"203.0.113.1,198.51.100.1":  "",
		"203.0.113.1, 198.51.100.1": "",
	}
	// noAddresses are none in either.
	noAddresses = []string{
		"", " ", ":", ":443", "443", "[]:443", "[", "]", "localhost", "localhost:443", "unknown", "203.0.113:443", "203.0.113.1.5:443",
		"203.0.113.256:443", "203.0.113.01:443", "0203.0.113.1:443", "0xcb.0.113.1:443", "3405803777:443", "203.0.113.0/24", "203.0.113.1:",
		"203.0.113.1:0", "203.0.113.1:0443", "203.0.113.1:65536", "203.0.113.1:+443", "203.0.113.1:-1", "203.0.113.1:443a", "203.0.113.1:４４３",
		"203.0.113.1:443:443", " 203.0.113.1:443", "203.0.113.1:443 ", "203.0.113.1 :443", "203.0.113.1: 443", "\t203.0.113.1:443", "203.0.113.1:443\n",
		"http://203.0.113.1:443", "for=203.0.113.1", "\"203.0.113.1\"", "２０３.0.113.1:443", "2001:db8::g:443", "2001:db8::1::2:443", "1:2:3:4:5:6:7:8:9:443",
		"[2001:db8::1]:0", "[2001:db8::1]443", "[2001:db8::1]:443,", "[[2001:db8::1]]:443", "[2001:db8::1 ]:443", "[2001:db8::/32]:443", "203.0.113.1\x00:443",
	}
)

func TestClientAddresses(t *testing.T) {
	for header, values := range map[string]map[string]string{
		"CloudFront-Viewer-Address": viewerAddresses, "cloudfront-viewer-address": viewerAddresses, clientHeader: plainAddresses,
	} {
		for _, none := range noAddresses {
			values[none] = ""
		}
		for value, want := range values {
			t.Run(header+": "+value, func(t *testing.T) {
				l := newListener(t)
				l.client = httpapi.ClientAddress{Header: header, Keys: originKeys{originKey}}
				e := event(http.MethodPost, httpapi.RouteSend, sendBody(number))
				e.Headers["x-origin-key"], e.Headers[strings.ToLower(header)] = originKey, value
				answer := l.handle(t, e)
				if want == "" {
					if answer.StatusCode != http.StatusBadRequest || answer.Body != noAddress || len(l.counted) > 0 {
						t.Fatalf("got %d %s, counted %d times; want %s", answer.StatusCode, answer.Body, len(l.counted), noAddress)
					}
					return
				}
				bucket := l.key.ClientKey("send", ratelimit.Bucket(want))
				if len(l.counted) != 1 || l.counted[0] != bucket || l.caller.Client != ratelimit.Site(want) {
					t.Errorf("got %d %s: counted as %v and known as %q, want %s and its bucket", answer.StatusCode, answer.Body, l.counted, l.caller.Client, want)
				}
			})
		}
	}
}

// TestClientAddressIsOneHeader: an address that is missing or said twice is none.
func TestClientAddressIsOneHeader(t *testing.T) {
	fromOrigin := withHeader("x-origin-key", originKey)
	for name, changes := range map[string][]change{
		"missing":            nil,
		"another header":     {withHeader("x-forwarded-for", "203.0.113.9")},
		"two spellings":      {withHeader("x-client-address", "203.0.113.9"), withHeader("X-Client-Address", "203.0.113.9")},
		"joined":             {withHeader("x-client-address", "203.0.113.9,203.0.113.9")},
		"an address, a word": {withHeader("x-client-address", "203.0.113.9,unknown")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for path, body := range posts {
					r := newRig(t, behind(clientHeader, originKeys{originKey}))
					got := r.post(path, body, append(changes, fromOrigin)...)
					got.want(t, http.StatusBadRequest, noAddress)
					r.wantFree(got)
				}
			})
		})
	}
}

// TestClientsBehindOneFront: each has limits of its own, and no say in whose they are.
func TestClientsBehindOneFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, behind("CloudFront-Viewer-Address", originKeys{originKey}))
		ask := func(viewer, peer string) response {
			return r.post(httpapi.RouteVerify, posts[httpapi.RouteVerify], withHeader("x-origin-key", originKey),
				withHeader("cloudfront-viewer-address", viewer), withHeader("x-forwarded-for", viewer), from(peer))
		}
		for i, c := range []struct{ viewer, remaining string }{
			{"203.0.113.1:1001", "9"}, {"203.0.113.2:1001", "9"}, {"203.0.113.1:1002", "8"}, {"[::ffff:203.0.113.1]:1003", "7"},
			{"2001:db8:1:2::1:1001", "9"}, {"[2001:db8:1:2::9]:1001", "8"}, {"2001:db8:1:3::1:1001", "9"},
		} {
			if got := ask(c.viewer, fmt.Sprintf("198.51.100.%d", i)); got.Headers["RateLimit-Remaining"] != c.remaining {
				t.Errorf("%s has %s left, want %s", c.viewer, got.Headers["RateLimit-Remaining"], c.remaining)
			}
		}
		r.wantNoCanary("203.0.113.1", "2001:db8")
	})
}

// TestRecordedIAMCaller: a backend's event as API Gateway documents it.
func TestRecordedIAMCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, behind(clientHeader, nil))
		r.do(recorded(t, "apigateway-iam.json")).wantOK(t)
		want := newListener(t).key.ClientKey("send", "203.0.113.9")
		if got := fmt.Sprint(r.counter.keys); got != "["+want+"]" {
			t.Errorf("counted under %s, want the client's %s", got, want)
		}
	})
}

// FuzzClientAddress: whatever the header says, the request is refused or counted under an
// address that is one, without a zone, and in the value as it stands.
func FuzzClientAddress(f *testing.F) {
	for _, values := range []map[string]string{viewerAddresses, plainAddresses} {
		for value := range values {
			f.Add(value)
		}
	}
	for _, value := range noAddresses {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, header := range []string{"CloudFront-Viewer-Address", clientHeader} {
			address, ok := httpapi.ParseAddress(header, value)
			for _, spelling := range []string{strings.ToLower(header), strings.ToUpper(header)} {
				if again, okAgain := httpapi.ParseAddress(spelling, value); again != address || okAgain != ok {
					t.Errorf("%s: %q is %v, %t and in %s %v, %t", header, value, address, ok, spelling, again, okAgain)
				}
			}
			if !ok {
				continue
			}
			if !address.IsValid() || address.Zone() != "" || address.Is4In6() {
				t.Fatalf("%s: %q is %v", header, value, address)
			}
			if strings.Trim(value, "0123456789abcdefABCDEF:.[]") != "" {
				t.Errorf("%s: %q is %v", header, value, address)
			}
			// What CloudFront would write of it, or a backend, is it again.
			for header, text := range map[string]string{
				"CloudFront-Viewer-Address": address.String() + ":443", clientHeader: address.String(),
			} {
				if again, ok := httpapi.ParseAddress(header, text); !ok || again != address {
					t.Errorf("%s: %q is %v, %t; want %v", header, text, again, ok, address)
				}
			}
			if again, ok := httpapi.ParseAddress(header, netip.AddrPortFrom(address, 443).String()); !ok || again != address {
				t.Errorf("%s: %v with a port is %v, %t", header, address, again, ok)
			}
		}
	})
}
