package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit"
)

// forgery is one host that claims to be another client in every request, through the
// handlers as they ship.
type forgery struct {
	name string
	// client is how the deployment learns who the client is.
	client httpapi.ClientAddress
	// headers are what the host sends beside its claim to be an address.
	headers func(address string) map[string]string
	// most is how many messages it may get out; believed, that it is to get out more, or
	// the replay shows nothing.
	most     int
	believed bool
}

const (
	viewerHeader = "CloudFront-Viewer-Address"
	originKey    = "the key of CloudFront"
)

// behind is a deployment behind CloudFront.
var behind = httpapi.ClientAddress{Header: viewerHeader, Keys: originKeys{}}

type originKeys struct{}

func (originKeys) IsOriginKey(_ context.Context, candidate string) (bool, error) {
	return candidate == originKey, nil
}

// everyHeader is each header by which some proxy names its client.
func everyHeader(address string) map[string]string {
	return map[string]string{
		"x-forwarded-for": address, "forwarded": "for=" + address, "x-real-ip": address, "true-client-ip": address, "cf-connecting-ip": address,
		"x-client-ip": address, "cloudfront-viewer-address": address + ":443",
	}
}

func with(name, value string) func(string) map[string]string {
	return func(address string) map[string]string {
		headers := everyHeader(address)
		headers[name] = value
		return headers
	}
}

var forgeries = []forgery{
	{name: "nothing set, every header forged", headers: everyHeader, most: network},
	{name: "nothing set, and an origin key", headers: with("x-origin-key", originKey), most: network},
	{name: "`CLIENT_ADDRESS_HEADER`, no origin key", client: behind, headers: everyHeader},
	{name: "`CLIENT_ADDRESS_HEADER`, a guessed key", client: behind, headers: with("x-origin-key", "a guess")},
	{name: "`CLIENT_ADDRESS_HEADER`, a stolen key", client: behind, headers: with("x-origin-key", originKey), most: region, believed: true},
}

// What the default rooms of a network and of a region let pass in the hour of the replay.
const (
	network = 10
	region  = 25 + 5
)

// fixedKeys are the phone keys of a deployment that never rotates them.
type fixedKeys struct{ key pseudonym.Key }

func (k fixedKeys) PhoneKeys(context.Context) (pseudonym.Keys, error) {
	return pseudonym.Keys{Ledgers: []pseudonym.Key{k.key}, Oldest: k.key}, nil
}

// row replays 3,600 requests of an hour.
func (f *forgery) row(seed uint64) row {
	o := size(1000)
	w := newWorld(seed, o.setupFor(nil))
	edge := httpapi.Edge{Keys: fixedKeys{w.key}, Counter: ratelimit.NewMemory(), Clock: w, Logger: slog.New(slog.DiscardHandler), Client: f.client}
	handler := httpapi.NewSend(edge, httpapi.Form{PINLength: 6}, rate.Rate{Attempts: 5, Window: 15 * time.Minute}, w.service)
	p := w.party(attacker)
	w.provider.by, w.provider.price = p, o.price
	codes := map[string]int{}
	w.every(&attack{lasts: time.Hour}, steady(1), func(int) {
		code := post(handler, w.number("GB").Canonical(), f.headers(w.home()))
		p.requests++
		codes[code]++
	})
	w.run(w.now.Add(2 * time.Hour))
	out := row{section: "Forged addresses", cells: []string{
		f.name, fmt.Sprint(p.requests), fmt.Sprint(p.messages), fmt.Sprint(codes["address_limited"]), fmt.Sprint(codes["traffic_limited"]), fmt.Sprint(codes["origin_refused"]),
	}}
	if p.messages > f.most {
		out.miss("%d messages went out, more than %d", p.messages, f.most)
	}
	if f.believed && p.messages <= network {
		out.miss("%d messages went out of who is believed: the replay shows nothing", p.messages)
	}
	return out
}

// post asks for a code from one host, and returns the answer's code.
func post(handler *httpapi.Handler, number string, headers map[string]string) string {
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "POST /send-otp", RawPath: "/send-otp",
		Headers: headers, Body: fmt.Sprintf(`{"phoneNumber":%q}`, number),
	}
	headers["content-type"] = "application/json"
	event.RequestContext.Stage = "$default"
	event.RequestContext.HTTP.Method, event.RequestContext.HTTP.Path = "POST", "/send-otp"
	event.RequestContext.HTTP.SourceIP = "198.51.100.7"
	answer, _ := handler.Handle(context.Background(), event) // its error is always nil
	var body struct{ Code string }
	if err := json.Unmarshal([]byte(answer.Body), &body); err != nil {
		panic(err) // every answer of the contract is JSON
	}
	return body.Code
}
