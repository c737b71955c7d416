package proof_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

func TestParseIssuer(t *testing.T) {
	for _, s := range []string{
		"https://otp.example.com", "https://otp.example.com:8443", "https://example.com/otp/v1",
		"https://a1b2c3.execute-api.eu-central-1.amazonaws.com",
		"http://localhost:3000", "http://127.0.0.1:3000", "http://127.9.9.9", "http://[::1]:3000/x",
	} {
		if got, err := proof.ParseIssuer(s); err != nil || got != s {
			t.Errorf("ParseIssuer(%q) = %q, %v: want it as it is", s, got, err)
		}
	}
	for _, s := range []string{
		"", "otp.example.com", "https://", "https:///otp", "https://:443", "HTTPS://otp.example.com", "ftp://otp.example.com",
		"https://otp.example.com/", "https://otp.example.com/otp/", "https://otp.example.com?x=1", "https://otp.example.com?",
		"https://otp.example.com#x", "https://otp.example.com#", "https://user@otp.example.com", "https://user:pw@otp.example.com",
		"http://otp.example.com", "http://localhost.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com",
		"https://otp.example.com ", " https://otp.example.com", "https://otp.exämple.com", "https://otp.example.com/\n", "https://otp.example.com/a b",
		"https:otp.example.com", "//otp.example.com", "https://otp.example.com/%zz", `https://otp.example.com/a\b`, `https://otp.example.com/"`,
		"https://otp.example.com/" + strings.Repeat("a", 232),
	} {
		if got, err := proof.ParseIssuer(s); err == nil {
			t.Errorf("ParseIssuer(%q) = %q, want a refusal", s, got)
		}
	}
	longest := "https://otp.example.com/" + strings.Repeat("a", 231)
	if _, err := proof.ParseIssuer(longest); err != nil || len(longest) != 255 {
		t.Errorf("an issuer of %d characters: %v", len(longest), err)
	}
}

func TestParseAudience(t *testing.T) {
	for _, s := range []string{"a", "accounts.example.com", "https://otp.example.com", "urn:example:accounts", "!~", strings.Repeat("a", 255)} {
		if got, err := proof.ParseAudience(s); err != nil || got != s {
			t.Errorf("ParseAudience(%q) = %q, %v: want it as it is", s, got, err)
		}
	}
	for _, s := range []string{"", "a,b", "a b", " a", "a ", "a\n", "ä", "a\x7f", "a#test", "#test", strings.Repeat("a", 256)} {
		if got, err := proof.ParseAudience(s); err == nil {
			t.Errorf("ParseAudience(%q) = %q, want a refusal", s, got)
		}
	}
}

func TestCheckNonce(t *testing.T) {
	for _, s := range []string{"a", " ", "~", "two words", `"quoted"`, "a,b", strings.Repeat("n", 255)} {
		if err := proof.CheckNonce(s); err != nil {
			t.Errorf("CheckNonce(%q): %v", s, err)
		}
	}
	for _, s := range []string{"", "\x1f", "\x7f", "a\nb", "ä", "\u00a0", "\xff", strings.Repeat("n", 256)} {
		if err := proof.CheckNonce(s); err == nil {
			t.Errorf("CheckNonce(%q) takes it", s)
		}
	}
}

const (
	arnA = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	arnB = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
)

func TestParseKeyARN(t *testing.T) {
	a, err := proof.ParseKeyARN(arnA)
	if err != nil {
		t.Fatal(err)
	}
	if a.String() != arnA || a.Region() != "eu-central-1" || a.Resource() != "key/1234abcd-12ab-34cd-56ef-1234567890ab" {
		t.Errorf("got %q, %q and %q", a, a.Region(), a.Resource())
	}
	b, err := proof.ParseKeyARN(arnB)
	if err != nil {
		t.Fatal(err)
	}
	// The kid must never change: published sets and signatures of two deployments meet.
	if got := a.KeyID(); got != "aUm2BzIs68TU2PfpdyqdmG273BMXpSgU_dP8m_uSZjo" {
		t.Errorf("the kid is %q", got)
	}
	if a.KeyID() == b.KeyID() {
		t.Error("two keys have one kid")
	}
	for _, s := range []string{
		"", "1234abcd-12ab-34cd-56ef-1234567890ab", "alias/proof",
		"arn:aws:kms:eu-central-1:111122223333:alias/proof",
		"arn:aws:kms:eu-central-1:111122223333:key/",
		"arn:aws:kms:eu-central-1:11112222333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		"arn:aws:kms:eu-central-1::key/1234abcd-12ab-34cd-56ef-1234567890ab",
		"arn:aws:kms::111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		"arn:aws:s3:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		"urn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		"arn::kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		arnA + ":x", arnA + " ", " " + arnA, arnA + "/x", strings.ToUpper(arnA),
		"arn:aws:kms:eu-central-1:111122223333:key/" + strings.Repeat("a", 65),
		"arn:aws:kms:eu-central-1:1111222233ab:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	} {
		if got, err := proof.ParseKeyARN(s); err == nil {
			t.Errorf("ParseKeyARN(%q) = %q, want a refusal", s, got)
		}
	}
}

func TestParseKeyARNs(t *testing.T) {
	many := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, "arn:aws:kms:eu-central-1:111122223333:key/"+strings.Repeat("a", i+1))
		}
		return strings.Join(list, ",")
	}
	for list, want := range map[string]int{"": 0, arnA: 1, arnA + "," + arnB: 2, " " + arnA + " , " + arnB: 2, many(10): 10} {
		if got, err := proof.ParseKeyARNs(list); err != nil || len(got) != want {
			t.Errorf("ParseKeyARNs(%q) has %d keys (%v), want %d", list, len(got), err, want)
		}
	}
	got, err := proof.ParseKeyARNs(arnA + "," + arnB)
	if err != nil || !slices.Equal([]string{got[0].String(), got[1].String()}, []string{arnA, arnB}) {
		t.Errorf("the order is lost: %v, %v", got, err)
	}
	for _, list := range []string{",", arnA + ",", "," + arnA, arnA + "," + arnA, arnA + ";" + arnB, "x", many(11)} {
		if got, err := proof.ParseKeyARNs(list); err == nil {
			t.Errorf("ParseKeyARNs(%q) has %d keys, want a refusal", list, len(got))
		}
	}
}

// TestFormsAreSentences: a form stands behind "PROOF_ISSUER must be".
func TestFormsAreSentences(t *testing.T) {
	_, issuer := proof.ParseIssuer("")
	_, audience := proof.ParseAudience("")
	_, key := proof.ParseKeyARN("")
	_, keys := proof.ParseKeyARNs(",")
	for _, c := range []struct {
		err  error
		want string
	}{
		{issuer, "an https address without "},
		{audience, "one word of 1 to 255 "},
		{proof.CheckNonce(""), "1 to 255 printable ASCII characters"},
		{key, "the ARN of a KMS key, such as arn:"},
		{keys, "a list of at most 10 ARNs of KMS keys, each once, such as arn:"},
	} {
		if !strings.HasPrefix(c.err.Error(), c.want) {
			t.Errorf("the form is %q, want it to begin %q", c.err, c.want)
		}
	}
}

// FuzzParseIssuer: what is accepted leads to the documents, and to nothing else.
func FuzzParseIssuer(f *testing.F) {
	for _, seed := range []string{"https://otp.example.com", "http://localhost:3000", "https://a?b", "https://a@b", "http://[::1%25x]", "https://a/..", "https://a/%2f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		issuer, err := proof.ParseIssuer(s)
		if err != nil {
			if issuer != "" || strings.Contains(err.Error(), s) && len(s) > 20 {
				t.Errorf("a refusal returns %q, or repeats its input: %v", issuer, err)
			}
			return
		}
		if issuer != s {
			t.Errorf("%q becomes %q", s, issuer)
		}
		u, err := url.Parse(issuer + proof.KeySetPath)
		if err != nil {
			t.Fatalf("%q leads nowhere: %v", issuer, err)
		}
		if u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || !strings.HasSuffix(u.Path, proof.KeySetPath) {
			t.Errorf("%q leads to %q", issuer, u)
		}
		if u.Scheme != "https" && !slices.Contains([]string{"localhost", "::1"}, u.Hostname()) && !strings.HasPrefix(u.Hostname(), "127.") &&
			!strings.HasPrefix(u.Hostname(), "::") && !strings.HasPrefix(u.Hostname(), "0") {
			t.Errorf("%q is http to elsewhere", issuer)
		}
	})
}

// FuzzCheckNonce: what is accepted is what a form says that is written in another way.
func FuzzCheckNonce(f *testing.F) {
	for _, seed := range []string{"", "n", "two words", "ä", "\x00", strings.Repeat("n", 256)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		good := len(s) >= 1 && len(s) <= 255 && strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) < 0
		if err := proof.CheckNonce(s); (err == nil) != good {
			t.Errorf("CheckNonce(%q): %v, want it accepted: %t", s, err, good)
		}
	})
}
