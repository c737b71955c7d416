package props_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// What is accepted here must be accepted by the functions, or a deployment would end in
// functions that do not start. The edges of every bound stand for what is between them.
func TestTheFunctionsTakeWhatIsAccepted(t *testing.T) {
	least, most := props.Default(built(t)), props.Default(built(t))
	least.Limits = props.Limits{
		IPSend:         rate.Rate{Attempts: 1, Window: time.Second},
		IPVerify:       rate.Rate{Attempts: 1, Window: time.Second},
		NumberSend:     rate.Rate{Attempts: 1, Window: time.Second},
		PINAttempts:    1,
		PINTTL:         30 * time.Second,
		PINLength:      4,
		NumberFailures: 1,
		FailureMemory:  rate.Day,
		DisabledMemory: rate.Day,
	}
	most.Limits = props.Limits{
		IPSend:                rate.Rate{Attempts: 1_000_000_000, Window: 365 * rate.Day},
		IPVerify:              rate.Rate{Attempts: 1_000_000_000, Window: 365 * rate.Day},
		NumberSend:            rate.Rate{Attempts: 1_000, Window: 365 * rate.Day},
		SendCooldown:          10 * time.Minute,
		VerifySpacing:         time.Minute,
		PINAttempts:           10,
		PINTTL:                time.Hour,
		PINLength:             12,
		NumberFailures:        100,
		FailureMemory:         3650 * rate.Day,
		DisabledMemory:        3650 * rate.Day,
		RequireVerificationID: true,
	}
	for name, p := range map[string]props.Props{"least": least, "most": most} {
		t.Run(name, func(t *testing.T) {
			err := p.Validate()
			if err != nil {
				t.Errorf("not accepted here: %v", err)
			}
			environment := p.Environment()
			_, err = app.ReadConfig(func(name string) string { return environment[name] })
			if err != nil {
				t.Errorf("not accepted by the functions: %v", err)
			}
			again, err := props.FromEnvironment(func(name string) string { return environment[name] }, p.AssetsDir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p, again); diff != "" {
				t.Errorf("read again from the functions' environment (-want +got):\n%s", diff)
			}
		})
	}
}
