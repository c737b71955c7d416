package cors_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/cors"
)

// TestLists: names in lower case, as API Gateway keeps them, each once, and no secret
// among what pages may send.
func TestLists(t *testing.T) {
	for what, list := range map[string][]string{"allowed": cors.AllowedHeaders(), "exposed": cors.ExposedHeaders()} {
		for i, name := range list {
			if name != strings.ToLower(name) || slices.Contains(list[:i], name) || name == "*" {
				t.Errorf("%s header %q is no name in lower case, or stands twice", what, name)
			}
		}
	}
	for _, secret := range []string{"x-origin-key", "authorization", "cookie"} {
		if slices.Contains(cors.AllowedHeaders(), secret) {
			t.Errorf("pages may send %s", secret)
		}
	}
	// What the contract says of browsers: the key of a request, its trace, and when to try again.
	for _, name := range []string{"content-type", "idempotency-key", "traceparent"} {
		if !slices.Contains(cors.AllowedHeaders(), name) {
			t.Errorf("pages may not send %s", name)
		}
	}
	for _, name := range []string{"date", "retry-after", "ratelimit-reset"} {
		if !slices.Contains(cors.ExposedHeaders(), name) {
			t.Errorf("pages may not read %s", name)
		}
	}
	if !slices.Equal(cors.AllowedMethods(), []string{"GET", "POST"}) {
		t.Errorf("pages may use %v", cors.AllowedMethods())
	}
}
