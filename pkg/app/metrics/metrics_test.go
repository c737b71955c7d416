package metrics_test

import (
	"strings"
	"testing"

	"github.com/seed-a131a524/infobip-otp/pkg/app/metrics"
)

func TestEmitter(t *testing.T) {
	for name, c := range map[string]struct {
		namespace, stage string
		emits            bool
		fault            string
	}{
		"both":      {"InfobipOTP", "production", true, ""},
		"neither":   {"", "", false, ""},
		"stage":     {"", "production", false, ""},
		"namespace": {"InfobipOTP", "", false, "STAGE must be set"},
		"malformed": {"AWS/Lambda", "production", false, "METRICS_NAMESPACE must be"},
	} {
		e, err := metrics.Emitter(func(variable string) string {
			return map[string]string{"METRICS_NAMESPACE": c.namespace, "STAGE": c.stage}[variable]
		})
		if (e != nil) != c.emits || (err != nil) != (c.fault != "") || err != nil && !strings.HasPrefix(err.Error(), c.fault) {
			t.Errorf("%s: emits %t, %v", name, e != nil, err)
		}
	}
}
