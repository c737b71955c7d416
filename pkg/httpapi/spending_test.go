package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/guard/cells"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// spending are rules with every cell counted, and room for two sends of a network.
func spending(s *setup) {
	s.guard = guard.Rules{
		Channels: []otp.Channel{otp.SMS, otp.Voice}, Spend: guard.Limit{Amount: 100_000_000, Window: 24 * time.Hour},
		Allowances: guard.DefaultAllowances(),
	}
	s.guard.Allowances.Network.Floor = 2
}

// TestChallengeToken: it reaches the guard with a send and with a resend.
func TestChallengeToken(t *testing.T) {
	const solve = `{"error":"Please complete the challenge.","code":"challenge_required"}`
	with := func(body, token string) string {
		return strings.TrimSuffix(body, "}") + `,"challengeToken":` + token + `}`
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(s *setup) { s.guard = guard.Rules{Challenge: guard.Always} })
		id := ""
		for _, c := range []struct {
			path string
			body func() string
		}{
			{httpapi.RouteSend, func() string { return sendBody(number) }},
			{httpapi.RouteResend, func() string { return resendBody(number, id) }},
		} {
			before := r.calls("")
			for i, body := range []string{c.body(), with(c.body(), `""`), with(c.body(), "null"), with(c.body(), `"canary-token"`)} {
				// From addresses of their own: what is refused here is counted.
				r.post(c.path, body, from(fmt.Sprintf("198.51.100.%d", i))).want(t, http.StatusForbidden, solve)
			}
			r.wantCalls("", before)
			if sent := r.post(c.path, with(c.body(), `"pass"`)).wantOK(t); id == "" {
				id = sent.VerificationID
			}
			r.wantCalls("", before+1)
			r.clock.Advance(time.Minute)
		}
		r.wantNoCanary("canary-token")
	})
}

// TestFindingsAreLogged: the line of a send says what each rule saw, the answer nothing of it;
// who is named is named by a keyed hash.
func TestFindingsAreLogged(t *testing.T) {
	type names struct{ client, network, prefix any }
	under := func(key string) (names, names) {
		var first, other names
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, spending)
			phone, err := pseudonym.NewKey("1", []byte(key))
			if err != nil {
				t.Fatal(err)
			}
			r.secret.secret = secrets.New(apiKey, phone)
			line := func() (names, map[string]any) {
				seen, _ := r.lastLine()["guard"].(map[string]any)
				named := names{seen["client"], seen["network"], seen["prefix"]}
				for _, name := range []string{"client", "network", "prefix"} {
					if hash, _ := seen[name].(string); len(hash) != 8 {
						t.Errorf("the %s is named %q", name, hash)
					}
					delete(seen, name)
				}
				return named, seen
			}
			wantSeen := func(what string, seen map[string]any, changes ...string) {
				want := map[string]any{
					"networkRoom": "2/2", "prefixRoom": "20/20", "regionRoom": "25/25", "serviceRoom": "40/40",
					"prefixSpent": "0.00/10.00", "serviceSpent": "0.00/80.00",
				}
				for _, change := range changes {
					name, value, _ := strings.Cut(change, "=")
					want[name] = value
				}
				if diff := cmp.Diff(want, seen); diff != "" {
					t.Errorf("%s saw others (-want +got):\n%s", what, diff)
				}
			}
			r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
			named, seen := line()
			first = named
			wantSeen("the first send", seen)

			// A neighbour of the client, and a number of another prefix and region.
			sent := r.post(httpapi.RouteSend, sendBody(number2), from("203.0.113.78")).wantOK(t)
			other, seen = line()
			wantSeen("the second", seen, "networkRoom=1/2", "serviceRoom=39/40", "serviceSpent=0.10/80.00")

			// Out of room: the answer says so, and not what has none.
			got := r.post(httpapi.RouteResend, resendBody(number2, sent.VerificationID), from("203.0.113.79"))
			got.wantCode(t, http.StatusTooManyRequests, "too_soon") // the number's own rules come first
			if _, seen = line(); len(seen) != 0 {
				t.Errorf("what the guard was not asked saw %v", seen)
			}
			r.clock.Advance(time.Minute)
			got = r.post(httpapi.RouteSend, sendBody("+436641234567"), from("203.0.113.80"))
			got.want(t, http.StatusTooManyRequests, `{"error":"Too many requests, please try again later.","code":"traffic_limited","retryAfter":43200}`)
			for _, header := range headerNames(got) {
				if !slices.Contains([]string{"Cache-Control", "Content-Type", "Retry-After", "X-Content-Type-Options"}, header) && !strings.HasPrefix(header, "RateLimit-") {
					t.Errorf("the refusal has the header %s", header)
				}
			}
			_, seen = line()
			wantSeen("the refused send", seen, "networkRoom=0/2", "serviceRoom=38/40", "serviceSpent=0.20/80.00", "by=network")
			r.wantNoCanary("203.0.113", "1415555", "4178123", "43664")
		})
		return first, other
	}
	first, other := under(phoneKey)
	if first.client == other.client || first.network != other.network || first.prefix == other.prefix {
		t.Errorf("two neighbours with two numbers are named %v and %v", first, other)
	}
	again, _ := under(phoneKey)
	if again != first {
		t.Errorf("under one key the names are %v and %v", first, again)
	}
	elsewhere, _ := under("canary-phone-key-of-32-bytes-???")
	if elsewhere.client == first.client || elsewhere.network == first.network || elsewhere.prefix == first.prefix {
		t.Errorf("under two keys the names are %v and %v", first, elsewhere)
	}
}

// table is the guard's, which misbehaves in one way.
type table struct {
	read  func(context.Context, *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
	write func(context.Context) error
}

func (b *table) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	if b.read == nil {
		return &dynamodb.BatchGetItemOutput{}, nil
	}
	return b.read(ctx, in)
}

func (b *table) UpdateItem(ctx context.Context, _ *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if b.write == nil {
		return &dynamodb.UpdateItemOutput{}, nil
	}
	return nil, b.write(ctx)
}

// TestCountersAway: counters that cannot be read, or not all of them, that have another shape,
// or that cannot be charged, send nothing to anybody and cost the number nothing.
func TestCountersAway(t *testing.T) {
	type (
		in  = dynamodb.BatchGetItemInput
		out = dynamodb.BatchGetItemOutput
	)
	having := func(attributes map[string]types.AttributeValue) func(context.Context, *in) (*out, error) {
		return func(_ context.Context, asked *in) (*out, error) {
			item := map[string]types.AttributeValue{"pk": asked.RequestItems["table"].Keys[0]["pk"]}
			for name, value := range attributes {
				item[name] = value
			}
			return &out{Responses: map[string][]map[string]types.AttributeValue{"table": {item}}}, nil
		}
	}
	one := &types.AttributeValueMemberN{Value: "1"}
	for name, b := range map[string]*table{
		"down":      {read: func(context.Context, *in) (*out, error) { return nil, errBroken }},
		"throttled": {read: func(context.Context, *in) (*out, error) { return nil, &types.ProvisionedThroughputExceededException{} }},
		"slow":      {read: func(ctx context.Context, _ *in) (*out, error) { <-ctx.Done(); return nil, ctx.Err() }},
		"keys left out": {read: func(_ context.Context, asked *in) (*out, error) {
			return &out{UnprocessedKeys: asked.RequestItems}, nil
		}},
		"a part is missing": {read: having(map[string]types.AttributeValue{"room": one})},
		"another shape":     {read: having(map[string]types.AttributeValue{"spent": &types.AttributeValueMemberS{Value: "canary"}, "spentEnds": one})},
		"a charge fails":    {write: func(context.Context) error { return errBroken }},
		"a charge is throttled": {write: func(context.Context) error {
			return &types.ProvisionedThroughputExceededException{}
		}},
		"a charge is slow": {write: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		"a charge comes back broken": {write: func(context.Context) error {
			return &types.ConditionalCheckFailedException{Item: map[string]types.AttributeValue{"room": one}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, spending, func(s *setup) { s.cells = cells.NewDynamoDB(b, "table") })
				r.post(httpapi.RouteSend, sendBody(number)).want(t, http.StatusServiceUnavailable,
					`{"error":"Service temporarily unavailable.","code":"unavailable","retryAfter":5}`)
				r.wantCalls("", 0)
				r.wantNoCanary()
				b.read, b.write = nil, nil
				r.post(httpapi.RouteSend, sendBody(number)).wantOK(t)
				r.wantCalls("send", 1)
			})
		})
	}
}
