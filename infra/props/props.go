// Package props says what a deployment can be told: the typed settings of the construct in the
// parent package, their defaults, what is accepted of each, and how they are read from the
// environment.
//
// It imports no CDK, so that a wrong setting is found (and tested) without starting one.
package props

import (
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Development is the one stage whose table, secret and logs go away with the stack, and where
// CORS may name any origin. Every other stage keeps them.
const Development = "development"

// Props are the settings of one deployment. Start from [Default]: a zero duration or rate is a
// setting of its own, not "the default".
type Props struct {
	// Stage names the deployment and its stack: development, staging, production, …
	Stage string

	// AssetsDir is the folder with send.zip, verify.zip and discovery.zip, as `make build`
	// writes them for arm64.
	AssetsDir string

	// Infobip is the account the PINs are sent through. Nil leaves its three values to
	// parameters of the template, which then cannot be deployed without them.
	Infobip *Infobip

	// AllowedRegions are the ISO 3166 alpha-2 codes of the countries that PINs are sent to.
	// Empty allows all.
	AllowedRegions []string

	// Limits are what the functions grant a client address and a phone number.
	Limits Limits

	// LogRetentionDays is how long the log groups keep an event: a period CloudWatch Logs knows.
	LogRetentionDays int

	// CORSOrigins are the web origins whose pages may call the API. Empty: no CORS at all,
	// for callers that are servers or apps.
	CORSOrigins []string

	// Throttles bound the requests of all clients together, before a function starts.
	Throttles Throttles

	// ReservedConcurrency bounds the parallel executions of each function.
	ReservedConcurrency ReservedConcurrency

	// Secret names an existing secret instead of the one the stack would create.
	Secret *ExistingSecret

	// SecretKeyARN is the customer managed KMS key of the secret, created or existing. Empty:
	// the account's aws/secretsmanager key, which needs no grant.
	SecretKeyARN string
}

// Infobip is what identifies the provider account; its API key is in the secret.
type Infobip struct {
	BaseURL       string // personal address, with or without https://
	ApplicationID string
	MessageID     string
}

// Limits are the settings of the functions; README explains each under its variable's name.
type Limits struct {
	IPSend         rate.Rate     // IP_SEND_LIMIT
	IPVerify       rate.Rate     // IP_VERIFY_LIMIT
	NumberSend     rate.Rate     // NUMBER_SEND_LIMIT
	SendCooldown   time.Duration // SEND_COOLDOWN, 0 turns it off
	VerifySpacing  time.Duration // VERIFY_SPACING, 0 turns it off
	PINAttempts    int           // PIN_ATTEMPTS
	PINTTL         time.Duration // PIN_TTL
	PINLength      int           // PIN_LENGTH
	NumberFailures int           // NUMBER_FAILURE_LIMIT
	FailureMemory  time.Duration // NUMBER_FAILURE_MEMORY
	DisabledMemory time.Duration // NUMBER_DISABLED_MEMORY

	// RequireVerificationID refuses to verify without naming the verification
	// (REQUIRE_VERIFICATION_ID).
	RequireVerificationID bool
}

// Throttle is a token bucket of API Gateway.
type Throttle struct {
	Rate  int // requests a second
	Burst int // bucket size
}

// Throttles are the buckets of the routes. A send costs money and a verify does not, so sends
// stand far below.
type Throttles struct {
	Send   Throttle
	Resend Throttle
	Verify Throttle
	Other  Throttle // the banner, and everything that is no route
}

// ReservedConcurrency is nil where the account's common pool serves: an account that still has
// the initial quota of ten cannot reserve any.
type ReservedConcurrency struct {
	Send      *int
	Verify    *int
	Discovery *int
}

// ExistingSecret is a secret that somebody else created.
type ExistingSecret struct {
	ID string // full ARN, or name
}

// Default is a development deployment of the zips in assetsDir with every limit at the value
// that the functions would take by themselves.
func Default(assetsDir string) Props {
	return Props{
		Stage:     Development,
		AssetsDir: assetsDir,
		Limits: Limits{
			IPSend:         rate.Rate{Attempts: 5, Window: 15 * time.Minute},
			IPVerify:       rate.Rate{Attempts: 10, Window: 5 * time.Minute},
			NumberSend:     rate.Rate{Attempts: 3, Window: rate.Day},
			SendCooldown:   30 * time.Second,
			VerifySpacing:  3 * time.Second,
			PINAttempts:    5,
			PINTTL:         10 * time.Minute,
			PINLength:      6,
			NumberFailures: 50,
			FailureMemory:  90 * rate.Day,
			DisabledMemory: 400 * rate.Day,
		},
		LogRetentionDays: 30,
		Throttles: Throttles{
			Send:   Throttle{Rate: 5, Burst: 10},
			Resend: Throttle{Rate: 5, Burst: 10},
			Verify: Throttle{Rate: 50, Burst: 100},
			Other:  Throttle{Rate: 20, Burst: 40},
		},
	}
}

// Keeps reports whether what the stack created outlives it.
func (p Props) Keeps() bool { return p.Stage != Development }
