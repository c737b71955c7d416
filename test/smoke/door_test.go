package smoke

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

const originKey = "an-origin-key-of-32-characters-or-more"

// forwarded are the headers that the front door of examples/front-door passes on.
func forwarded(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "examples", "front-door", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)Headers:\n(( +- \S+[^\n]*\n)+)`).FindSubmatch(text)
	if list == nil {
		t.Fatal("the front door has no list of headers")
	}
	var names []string
	for line := range strings.Lines(string(list[1])) {
		names = append(names, strings.Fields(line)[1])
	}
	// CloudFront's quota of headers in a policy.
	if len(names) > 10 || !slices.Contains(names, "CloudFront-Viewer-Address") {
		t.Fatalf("the front door passes on %v", names)
	}
	return names
}

// The service behind a door that passes on what the front door of examples/ passes on, names the
// client as CloudFront does and adds what CloudFront adds to answers: green through the door, for
// pages too, and closed beside it.
func TestFrontDoor(t *testing.T) {
	names := forwarded(t)
	var to atomic.Pointer[url.URL]
	door := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			kept := http.Header{}
			for _, name := range names {
				if values := r.In.Header.Values(name); values != nil {
					kept[http.CanonicalHeaderKey(name)] = values
				}
			}
			kept.Set("CloudFront-Viewer-Address", "203.0.113.9:443")
			kept.Set("X-Origin-Key", originKey)
			r.Out.Header = kept
			r.SetURL(to.Load())
		},
		ModifyResponse: func(r *http.Response) error {
			for name, value := range map[string]string{"Via": "1.1 a.cloudfront.net (CloudFront)", "X-Cache": "Miss from cloudfront", "X-Amz-Cf-Id": "x", "Apigw-Requestid": "y="} {
				r.Header.Set(name, value)
			}
			return nil
		},
	})
	t.Cleanup(door.Close)
	g := harness.StartGateway(t, "CLIENT_ADDRESS_HEADER=CloudFront-Viewer-Address", "ORIGIN_KEYS="+originKey, "CORS_ORIGINS="+origin, "PROOF_ISSUER="+door.URL)
	address, err := url.Parse(g.URL)
	if err != nil {
		t.Fatal(err)
	}
	to.Store(address)
	found, code, stderr := smoke(t, "", door.URL, "--origin", origin, "--phone", phone, "--outbox", g.Control.URL, "--exhaust")
	for _, name := range all {
		if found[name].Status != "ok" {
			t.Errorf("through the door %s is %q: %s", name, found[name].Status, found[name].Found)
		}
	}
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if found, code, _ := smoke(t, "", g.URL, "--closed"); code != 0 {
		t.Errorf("beside the door: exit code %d and %+v", code, found)
	}
}
