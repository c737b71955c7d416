package proof

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The forms of the settings. Each error is the accepted form, to stand behind "must be"
// and the setting's name.

// DefaultTTL and the bounds of PROOF_TTL. A proof shows that the phone was there within
// minutes; one that is good for a day shows that it was there yesterday.
const (
	DefaultTTL = 5 * time.Minute
	MinTTL     = 10 * time.Second
	MaxTTL     = time.Hour
)

// maxWord bounds issuer, audience and nonce, which travel in every token.
const maxWord = 255

var (
	errIssuer   = errors.New("an https address without a query, a fragment or a slash at its end, such as https://otp.example.com (http on this machine alone), with at most 255 characters")
	errAudience = errors.New("one word of 1 to 255 printable ASCII characters without a space or a comma, and without #test at its end, such as accounts.example.com")
	errNonce    = errors.New("1 to 255 printable ASCII characters")
	errKeyList  = errors.New("a list of at most 10 ARNs of KMS keys, each once, such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab (an alias is none)")
)

// ParseIssuer returns the issuer's name as it will stand in iss. Verifiers compare it
// byte by byte and put /.well-known/... behind it, so it has one form only.
func ParseIssuer(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil, len(s) > maxWord, !printable(s), strings.ContainsAny(s, `?# "\<>^{|}`+"`"):
		return "", errIssuer
	case u.Host == "" || u.Hostname() == "" || u.User != nil || u.Opaque != "" || strings.HasSuffix(s, "/"):
		return "", errIssuer
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
	default:
		return "", errIssuer
	}
	if u.String() != s {
		return "", errIssuer // something that another reader would write in another way
	}
	return s, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// ParseAudience returns the audience. A comma is refused because the lists that
// audiences are configured in elsewhere are split there.
func ParseAudience(s string) (string, error) {
	if s == "" || len(s) > maxWord || !printable(s) || strings.ContainsAny(s, " ,") || strings.HasSuffix(s, forTests) {
		return "", errAudience
	}
	return s, nil
}

// forTests ends the audience of proofs about test recipients, and of no others.
const forTests = "#test"

// TestAudience returns the audience of proofs about test recipients, who have shown a PIN
// that the owner chose and nothing else: a backend takes them on purpose, or not at all.
func TestAudience(audience string) string { return audience + forTests }

// CheckNonce returns an error unless the nonce has 1 to 255 printable ASCII characters,
// space included.
func CheckNonce(s string) error {
	if s == "" || len(s) > maxWord || !printable(s) {
		return errNonce
	}
	return nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// maxPublished bounds what a cold start of discovery reads: one call a key.
const maxPublished = 10

// ParseKeyARNs returns a list's keys: ARNs between commas, spaces around them allowed.
// An empty list has none.
func ParseKeyARNs(list string) ([]KeyARN, error) {
	if list == "" {
		return nil, nil
	}
	var keys []KeyARN
	for word := range strings.SplitSeq(list, ",") {
		key, err := ParseKeyARN(strings.TrimSpace(word))
		if err != nil || slices.Contains(keys, key) || len(keys) == maxPublished {
			return nil, errKeyList
		}
		keys = append(keys, key)
	}
	return keys, nil
}
