package otp_test

import (
	"os/exec"
	"strings"
	"testing"
)

const domain = "github.com/seed-a131a524/infobip-otp/pkg/otp"

// forbiddenImports are what the domain must not reach, directly or through others,
// and why.
var forbiddenImports = map[string]string{
	"github.com/aws": "a rule has to be readable and testable without a cloud account: state is behind Store",
	"net":            "the domain opens no connection and knows no HTTP: the edge is pkg/httpapi, the provider behind Provider",
	"database":       "state is behind Store",
	"github.com/seed-a131a524/infobip-otp/pkg/app":       "wiring depends on the domain, not the reverse",
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi":   "the edge depends on the domain, not the reverse",
	"github.com/seed-a131a524/infobip-otp/pkg/infobip":   "the provider depends on the domain, not the reverse",
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym": "how ids are derived is behind Keyring",
	"github.com/seed-a131a524/infobip-otp/pkg/ratelimit": "addresses are admitted at the edge: Caller.Admit",
	"github.com/seed-a131a524/infobip-otp/pkg/secrets":   "the domain knows no secret: Keyring",
	"github.com/seed-a131a524/infobip-otp/pkg/store":     "the store depends on the domain, not the reverse",
}

func TestDomainReachesNoInfrastructure(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", domain).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := strings.Fields(string(out))
	if len(imports) < 10 {
		t.Fatalf("go list names %d packages: it does not see the domain's imports", len(imports))
	}
	for _, path := range imports {
		for forbidden, why := range forbiddenImports {
			if path == forbidden || strings.HasPrefix(path, forbidden+"/") && path != "net/netip" {
				t.Errorf("%s reaches %s: %s", domain, path, why)
			}
		}
	}
}
