package proofs_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/app/metrics"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC) }

const (
	issuer = "https://otp.example.com"
	arn    = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	next   = "arn:aws:kms:eu-west-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
)

func discovery(t *testing.T, variables map[string]string) (*proof.Published, error) {
	t.Helper()
	return proofs.Discovery(func(name string) string { return variables[name] }, clock{}, slog.New(slog.DiscardHandler))
}

// TestDiscoveryReadsItsSettings: those that the table says, besides the level of its log.
func TestDiscoveryReadsItsSettings(t *testing.T) {
	read, want := map[string]bool{"AWS_LAMBDA_LOG_LEVEL": true}, []string{}
	asked := func(name string) string { read[name] = true; return "" }
	_, err := proofs.Discovery(asked, clock{}, slog.New(slog.DiscardHandler))
	_, metricsErr := metrics.Emitter(asked)
	if err := errors.Join(err, metricsErr); err != nil {
		t.Fatal(err)
	}
	for _, s := range settings.All() {
		if s.ReadBy(settings.Discovery) {
			want = append(want, s.Name)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(read))); diff != "" {
		t.Errorf("discovery reads others than the table says (-table +read):\n%s", diff)
	}
}

func TestOffPublishesNothing(t *testing.T) {
	for _, value := range []string{"", "off"} {
		published, err := discovery(t, map[string]string{"PROOF_ISSUER": value, "PROOF_KEY": arn})
		if published != nil || err != nil {
			t.Errorf("PROOF_ISSUER=%s: %v, %v", value, published, err)
		}
	}
}

func TestFaultsOfDiscovery(t *testing.T) {
	for want, variables := range map[string]map[string]string{
		"PROOF_KEY must be set: ":       {"PROOF_ISSUER": issuer},
		"PROOF_ISSUER must be ":         {"PROOF_ISSUER": "http://otp.example.com", "PROOF_KEY": arn},
		"PROOF_KEY must be the ARN ":    {"PROOF_ISSUER": issuer, "PROOF_KEY": "alias/proofs"},
		"PROOF_PUBLISHED_KEYS must be ": {"PROOF_ISSUER": issuer, "PROOF_KEY": arn, "PROOF_PUBLISHED_KEYS": arn + "," + arn},
	} {
		if _, err := discovery(t, variables); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", variables, err, want)
		}
	}
}

// TestKeysAreReadFromKMS: the one that signs and the further ones, each by its ARN and once,
// though the one that signs stands among the others too.
func TestKeysAreReadFromKMS(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	kms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ KeyID string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Header.Get("X-Amz-Target")+" "+in.KeyID)
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer kms.Close()
	published, err := discovery(t, map[string]string{
		"PROOF_ISSUER": issuer, "PROOF_KEY": arn, "PROOF_PUBLISHED_KEYS": next + "," + arn, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_KMS": kms.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := published.KeySet(t.Context()); err == nil {
		t.Error("keys that cannot be read are published")
	}
	slices.Sort(asked)
	want := []string{"TrentService.GetPublicKey " + next, "TrentService.GetPublicKey " + arn}
	slices.Sort(want)
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("KMS was asked for others (-want +got):\n%s", diff)
	}
}

// TestDoesNotLinkClients: discovery starts for a banner, too.
func TestDoesNotLinkClients(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "pkg/proof/awskms") {
		t.Fatal("go list does not name awskms: this test looks at the wrong package")
	}
	if strings.Contains(string(out), "aws-sdk-go-v2/service/") || strings.Contains(string(out), "pkg/store") {
		t.Error("it links a client of the SDK's, or the store")
	}
}
