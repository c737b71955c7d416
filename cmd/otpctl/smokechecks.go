package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	infobipotp "github.com/seed-a131a524/infobip-otp"
	"github.com/seed-a131a524/infobip-otp/pkg/cors"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// Of whom the smoke test speaks: the numbering plan's own example, which nobody can have, and an id
// that nobody was given. A guess at it is refused before the provider would be asked.
const (
	nobody     = "+12015550123"
	nobodysID  = "AAAAAAAAAAAAAAAAAAAAAA"
	bannerText = "Infobip OTP Service Running!"
	// foreign is an origin that nobody can have (RFC 2606).
	foreign = "https://smoke.invalid"
)

func smokeBanner(ctx context.Context, s *smoke) (string, error) {
	got, err := s.ask(ctx, http.MethodGet, httpapi.RouteBanner, nil, "")
	if err != nil {
		return "", err
	}
	if got.status != http.StatusOK || got.body != bannerText || got.header.Get("Content-Type") != "text/plain; charset=utf-8" {
		return "", fails(fmt.Errorf("GET / answers %d %s: this is not infobip-otp", got.status, got.refused.word()), got.hint()...)
	}
	head, err := s.ask(ctx, http.MethodHead, httpapi.RouteBanner, nil, "")
	if err != nil {
		return "", err
	}
	if head.status != http.StatusOK || head.body != "" {
		return "", fmt.Errorf("HEAD / answers %d, not 200 without a body", head.status)
	}
	return "GET and HEAD, not to be kept by caches", nil
}

func smokePaths(ctx context.Context, s *smoke) (string, error) {
	var faults []error
	for _, asked := range []struct {
		method, path string
		status       int
		code, allow  string
	}{
		{http.MethodGet, "/nothing-here", http.StatusNotFound, "not_found", ""},
		{http.MethodPost, httpapi.RouteSend + "/", http.StatusNotFound, "not_found", ""},
		{http.MethodGet, httpapi.RouteSend, http.StatusMethodNotAllowed, "method_not_allowed", "POST, OPTIONS"},
		{http.MethodGet, httpapi.RouteVerify, http.StatusMethodNotAllowed, "method_not_allowed", "POST, OPTIONS"},
		{http.MethodPost, httpapi.RouteBanner, http.StatusMethodNotAllowed, "method_not_allowed", "GET, HEAD, OPTIONS"},
		{http.MethodOptions, httpapi.RouteSend, http.StatusNoContent, "", "POST, OPTIONS"},
		{http.MethodOptions, httpapi.RouteResend, http.StatusNoContent, "", "POST, OPTIONS"},
		{http.MethodOptions, httpapi.RouteVerify, http.StatusNoContent, "", "POST, OPTIONS"},
	} {
		got, err := s.ask(ctx, asked.method, asked.path, nil, "")
		if err != nil {
			return "", err
		}
		faults = append(faults, got.expect(asked.method+" "+asked.path, asked.status, asked.code))
		if got.header.Get("Allow") != asked.allow {
			faults = append(faults, fmt.Errorf("%s %s allows %q, not %q", asked.method, asked.path, printable(got.header.Get("Allow")), asked.allow))
		}
	}
	return "404, 405 with Allow, and OPTIONS", errors.Join(faults...)
}

func smokeEnvelope(ctx context.Context, s *smoke) (string, error) {
	var faults []error
	for _, path := range []string{httpapi.RouteSend, httpapi.RouteResend, httpapi.RouteVerify} {
		for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded"} {
			got, err := s.ask(ctx, http.MethodPost, path, map[string]string{"Content-Type": contentType}, "{}")
			if err != nil {
				return "", err
			}
			faults = append(faults, got.expect(contentType+" to "+path, http.StatusUnsupportedMediaType, "content_type_unsupported"))
		}
		const most = 4096
		got, err := s.post(ctx, path, `{"phoneNumber":"`+strings.Repeat("1", most)+`"}`)
		if err != nil {
			return "", err
		}
		faults = append(faults, got.expect("more than 4 KiB to "+path, http.StatusRequestEntityTooLarge, "body_too_large"))
	}
	return "what is no JSON is 415, what is too large 413", errors.Join(faults...)
}

func smokeJSON(ctx context.Context, s *smoke) (string, error) {
	var faults []error
	for _, path := range []string{httpapi.RouteSend, httpapi.RouteVerify} {
		for _, asked := range []struct{ name, body, code string }{
			{"no JSON", `{"phoneNumber":`, "body_invalid"},
			{"an array", `[]`, "body_invalid"},
			{"a member twice", `{"phoneNumber":"1","phoneNumber":"2"}`, "body_invalid"},
			{"a second document", `{} {}`, "body_invalid"},
			{"broken UTF-8", "{\"phoneNumber\":\"\xff\"}", "body_invalid"},
			{"a misspelt member", `{"verificationID":"x"}`, "field_unknown"},
			{"another letter case", `{"PhoneNumber":"1"}`, "field_unknown"},
			{"a number that is no text", `{"phoneNumber":1}`, "field_type"},
		} {
			got, err := s.post(ctx, path, asked.body)
			if err != nil {
				return "", err
			}
			faults = append(faults, got.expect(asked.name+" to "+path, http.StatusBadRequest, asked.code))
		}
	}
	return "one object, each member known and once", errors.Join(faults...)
}

// smokeForms looks at refusals of form, and that none of them is counted: five mistyped numbers
// must not lock an honest visitor out.
func smokeForms(ctx context.Context, s *smoke) (string, error) {
	var faults []error
	for _, asked := range []struct{ path, body, key, code string }{
		{httpapi.RouteSend, `{}`, "", "phone_number_required"},
		{httpapi.RouteSend, `{"phoneNumber":"0664 1234567"}`, "", "phone_number_invalid"},
		{httpapi.RouteSend, `{"phoneNumber":"+12015550123x"}`, "", "phone_number_invalid"},
		{httpapi.RouteSend, `{"phoneNumber":"` + nobody + `","channel":"pigeon"}`, "", "channel_unknown"},
		{httpapi.RouteSend, `{"phoneNumber":"` + nobody + `"}`, "a,b", "idempotency_key_invalid"},
		{httpapi.RouteResend, `{}`, "", "verification_id_required"},
		{httpapi.RouteVerify, `{"phoneNumber":"` + nobody + `"}`, "", "phone_number_and_pin_required"},
		{httpapi.RouteVerify, `{"phoneNumber":"` + nobody + `","pin":"12a"}`, "", "pin_invalid"},
		{httpapi.RouteVerify, `{"phoneNumber":"1","pin":"12a"}`, "", "pin_invalid"},
	} {
		header := map[string]string{"Content-Type": "application/json"}
		if asked.key != "" {
			header["Idempotency-Key"] = asked.key
		}
		got, err := s.ask(ctx, http.MethodPost, asked.path, header, asked.body)
		if err != nil {
			return "", err
		}
		faults = append(faults, got.expect("a wrong form to "+asked.path, http.StatusBadRequest, asked.code))
		if got.header.Get("RateLimit-Remaining") != "" {
			faults = append(faults, fmt.Errorf("a wrong form to %s (%s) counts against its sender", asked.path, asked.code))
		}
	}
	return "each has its code, and counts against nobody", errors.Join(faults...)
}

var expectedDigits = regexp.MustCompile(`Expecting ([0-9]{1,2}) digits`)

// guess verifies a number that nobody was sent a code for. It is counted, and costs nothing else.
func (s *smoke) guess(ctx context.Context) (reply, error) {
	form, err := s.post(ctx, httpapi.RouteVerify, `{"phoneNumber":"`+nobody+`","pin":"x"}`)
	if err != nil {
		return reply{}, err
	}
	if err := form.expect("a wrong PIN", http.StatusBadRequest, "pin_invalid"); err != nil {
		return reply{}, err
	}
	found := expectedDigits.FindStringSubmatch(form.refused.Sentence)
	if found == nil {
		return reply{}, errors.New("the sentence about a wrong PIN does not say how many digits it has")
	}
	digits, _ := strconv.Atoi(found[1]) // digits, by the form
	return s.post(ctx, httpapi.RouteVerify,
		`{"phoneNumber":"`+nobody+`","pin":"`+strings.Repeat("0", digits)+`","verificationId":"`+nobodysID+`"}`)
}

// counted is what an answer says of the limit of its client.
type counted struct{ limit, remaining, reset int }

func (r reply) counted() (counted, error) {
	var c counted
	for name, into := range map[string]*int{"RateLimit-Limit": &c.limit, "RateLimit-Remaining": &c.remaining, "RateLimit-Reset": &c.reset} {
		n, err := strconv.Atoi(r.header.Get(name))
		if err != nil {
			return counted{}, fmt.Errorf("an answer that counts has the %s %q", name, printable(r.header.Get(name)))
		}
		*into = n
	}
	limit, window, _ := strings.Cut(r.header.Get("RateLimit-Policy"), ";w=")
	if limit != strconv.Itoa(c.limit) || c.remaining >= c.limit || c.reset > seconds(window) {
		return counted{}, fmt.Errorf("its RateLimit headers do not agree: policy %q, limit %d, remaining %d, reset %d",
			printable(r.header.Get("RateLimit-Policy")), c.limit, c.remaining, c.reset)
	}
	return c, nil
}

func smokeLimits(ctx context.Context, s *smoke) (string, error) {
	var counts [2]counted
	for i := range counts {
		got, err := s.guess(ctx)
		if err != nil {
			return "", err
		}
		if got.refused.Code == "address_limited" {
			return "", fails(fmt.Errorf("the limit of this machine's address is used up for %s", span(got.refused.wait())), "run it again then, or from elsewhere")
		}
		if err := got.expect("a guess at a number that nobody was sent a code for", http.StatusUnauthorized, "invalid_or_expired"); err != nil {
			return "", err
		}
		counts[i], err = got.counted()
		if err != nil {
			return "", err
		}
	}
	if counts[1].remaining >= counts[0].remaining {
		return "", fmt.Errorf("two requests left %d and then %d of %d: nobody counts", counts[0].remaining, counts[1].remaining, counts[0].limit)
	}
	return fmt.Sprintf("verifies are counted: %d of %d are left", counts[1].remaining, counts[1].limit), nil
}

// smokeExhausted asks until the limit of this machine's address is used up.
func smokeExhausted(ctx context.Context, s *smoke) (string, error) {
	const most = 1000 // above any limit of an address that makes sense
	for asked := 1; asked <= most; asked++ {
		got, err := s.guess(ctx)
		if err != nil {
			return "", err
		}
		if got.status == http.StatusUnauthorized {
			continue
		}
		if err := got.expect("the guess after the last", http.StatusTooManyRequests, "address_limited"); err != nil {
			return "", err
		}
		told := seconds(got.header.Get("Retry-After"))
		if told <= 0 || told != got.refused.RetryAfter {
			return "", fmt.Errorf("Retry-After is %q, and retryAfter %d", printable(got.header.Get("Retry-After")), got.refused.RetryAfter)
		}
		return fmt.Sprintf("refused for %s after %s", span(time.Duration(told)*time.Second), count(asked-1, "further request")), nil
	}
	return "", fmt.Errorf("%d guesses from one address, and none is refused", most)
}

// preflight asks what a browser asks before a page of an origin may send.
func (s *smoke) preflight(ctx context.Context, origin, path string) (reply, error) {
	return s.raw(ctx, http.MethodOptions, path, map[string]string{
		"Origin": origin, "Access-Control-Request-Method": http.MethodPost, "Access-Control-Request-Headers": "content-type,idempotency-key",
	}, "")
}

// smokeForeignPages looks that a page of an origin that nobody has may neither send nor read.
func smokeForeignPages(ctx context.Context, s *smoke) (string, error) {
	asked, err := s.preflight(ctx, foreign, httpapi.RouteSend)
	if err != nil {
		return "", err
	}
	got, err := s.ask(ctx, http.MethodPost, httpapi.RouteSend, map[string]string{"Content-Type": "application/json", "Origin": foreign}, `{}`)
	if err != nil {
		return "", err
	}
	for _, r := range []reply{asked, got} {
		switch r.header.Get("Access-Control-Allow-Origin") {
		case "":
		case "*":
			return "every page may call (CORS_ORIGINS is *), as in development alone", nil
		default:
			return "", fails(errors.New("a page of any origin may call: the answer allows whatever origin asks"), "CORS_ORIGINS of the deployment lists the origins")
		}
	}
	return "may not call", nil
}

// smokeOwnPages looks at the service as a page of an allowed origin: may it send, and what may it read?
func smokeOwnPages(ctx context.Context, s *smoke) (string, error) {
	if s.origin == "" {
		return "not looked at: no --origin", nil
	}
	for _, path := range []string{httpapi.RouteSend, httpapi.RouteResend, httpapi.RouteVerify} {
		asked, err := s.preflight(ctx, s.origin, path)
		if err != nil {
			return "", err
		}
		if err := allows(asked, s.origin); err != nil {
			return "", fails(fmt.Errorf("the preflight of %s: %w", path, err), "CORS_ORIGINS of the deployment has to name the origin as a browser writes it: scheme and host, no slash")
		}
		if asked.status != http.StatusNoContent && asked.status != http.StatusOK {
			return "", fmt.Errorf("the preflight of %s answers %d", path, asked.status)
		}
		if err := lists(asked, "Access-Control-Allow-Methods", http.MethodPost); err != nil {
			return "", err
		}
		if err := lists(asked, "Access-Control-Allow-Headers", cors.AllowedHeaders()...); err != nil {
			return "", err
		}
		got, err := s.ask(ctx, http.MethodPost, path, map[string]string{"Content-Type": "application/json", "Origin": s.origin}, `{}`)
		if err != nil {
			return "", err
		}
		if err := allows(got, s.origin); err != nil {
			return "", fmt.Errorf("the answer of %s: %w", path, err)
		}
		if err := lists(got, "Access-Control-Expose-Headers", cors.ExposedHeaders()...); err != nil {
			return "", err
		}
	}
	return "may send, and read when to try again", nil
}

func allows(r reply, origin string) error {
	if allowed := r.header.Get("Access-Control-Allow-Origin"); allowed != origin && allowed != "*" {
		return fmt.Errorf("pages of %s may not call", printable(origin))
	}
	return nil
}

// lists looks for words in a header that is a list.
func lists(r reply, header string, words ...string) error {
	has := map[string]bool{}
	for word := range strings.SplitSeq(strings.Join(r.header.Values(header), ","), ",") {
		has[strings.ToLower(strings.TrimSpace(word))] = true
	}
	for _, word := range words {
		if !has[strings.ToLower(word)] && !has["*"] {
			return fmt.Errorf("%s lacks %s", header, word)
		}
	}
	return nil
}

func smokeDescription(ctx context.Context, s *smoke) (string, error) {
	got, err := s.ask(ctx, http.MethodGet, httpapi.RouteOpenAPI, nil, "")
	if err != nil {
		return "", err
	}
	if err := got.expect("GET "+httpapi.RouteOpenAPI, http.StatusOK, ""); err != nil {
		return "", err
	}
	if got.body != string(infobipotp.OpenAPI) {
		return "", fails(errors.New("its /openapi.yaml is that of another version than this program's"), "deploy this version, or take the otpctl of that one")
	}
	return "/openapi.yaml is this version's, and caches may keep it", nil
}

func smokeKeys(ctx context.Context, s *smoke) (string, error) {
	document, err := s.ask(ctx, http.MethodGet, proof.ConfigurationPath, nil, "")
	if err != nil {
		return "", err
	}
	set, err := s.ask(ctx, http.MethodGet, proof.KeySetPath, nil, "")
	if err != nil {
		return "", err
	}
	if document.status != set.status {
		return "", fmt.Errorf("%s answers %d, and %s %d", proof.ConfigurationPath, document.status, proof.KeySetPath, set.status)
	}
	var named struct {
		Issuer string `json:"issuer"`
	}
	if json.Unmarshal([]byte(document.body), &named) == nil && named.Issuer != "" && named.Issuer != s.api.base && !sameLoopback(named.Issuer, s.api.base) {
		return "", fails(fmt.Errorf("the issuer is %s, not this address", printable(named.Issuer)),
			"PROOF_ISSUER of the deployment has to be the address that clients and verifiers use")
	}
	keys, err := s.api.published(ctx) // as verifiers load them
	switch {
	case errors.Is(err, errNoProofs):
		return "proofs are off, and nothing is published", nil
	case err != nil:
		return "", err
	}
	return count(len(keys.keys), "key") + " for RS256 below the issuer, which is this address", nil
}

// smokeIsClosed looks that nobody gets past a front door. Who may say what the client's address is is
// asked before the form is looked at, so a request without a number will do: where the door is open it
// is refused for its form, and sends nothing.
func smokeIsClosed(ctx context.Context, s *smoke) (string, error) {
	for _, path := range []string{httpapi.RouteSend, httpapi.RouteResend, httpapi.RouteVerify} {
		got, err := s.raw(ctx, http.MethodPost, path, map[string]string{"Content-Type": "application/json"}, `{}`)
		if err != nil {
			return "", err
		}
		byGateway := got.refused.Code == "" && (got.status == http.StatusForbidden || got.status == http.StatusNotFound)
		if !byGateway && (got.status != http.StatusForbidden || got.refused.Code != "origin_refused") {
			return "", fails(fmt.Errorf("POST %s answers %d %s, not 403 origin_refused: whoever knows this address goes past the front door", path, got.status, got.refused.word()),
				"CLIENT_ADDRESS_HEADER of the deployment has to be set, and the secret to have originKeys; with a custom domain the API's own address can be switched off")
		}
	}
	return "every send and verify is refused here", nil
}

// smokeTry sends one message, as otpctl try does.
func smokeTry(ctx context.Context, s *smoke) (string, error) {
	report, err := s.try.all(ctx)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("sent in %d ms, verified in %d ms", report.SentIn, report.CheckedIn)
	if report.Proof == nil {
		return text + ", without a proof (they are off)", nil
	}
	return text + ", and its proof is good", nil
}
