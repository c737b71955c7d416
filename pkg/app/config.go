package app

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// FunctionTimeout is the functions' timeout in both templates, and what a laptop's
// gateway gives a request.
const FunctionTimeout = 20 * time.Second

// Config is the environment, read once. README's table of settings documents it.
type Config struct {
	Infobip Infobip
	AWS     AWS
	// Table is the DynamoDB table; empty keeps state in memory.
	Table string
	// SecretID names the secret in Secrets Manager. Infobip.APIKey, if set, stands for
	// it on a laptop.
	SecretID string

	SendLimit   rate.Rate
	VerifyLimit rate.Rate
	Policy      otp.Policy
	Form        httpapi.Form
	Guard       guard.Rules
}

// Infobip is how the provider is reached.
type Infobip struct {
	BaseURL       string
	AllowHTTP     bool
	APIKey        string
	ApplicationID string
	MessageID     string
}

// AWS is how AWS is reached; the names are the SDK's own.
type AWS struct {
	Region          string
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	DynamoDB        string // endpoint, empty for AWS's own
	SecretsManager  string // endpoint, empty for AWS's own
}

// Format prints a placeholder for every verb: the keys are in clear here.
func (Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[configuration]") }

// Format prints a placeholder for every verb.
func (Infobip) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[Infobip configuration]") }

// Format prints a placeholder for every verb.
func (AWS) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[AWS configuration]") }

// MarshalText marshals a placeholder.
func (Config) MarshalText() ([]byte, error) { return []byte("[configuration]"), nil }

// MarshalText marshals a placeholder.
func (Infobip) MarshalText() ([]byte, error) { return []byte("[Infobip configuration]"), nil }

// MarshalText marshals a placeholder.
func (AWS) MarshalText() ([]byte, error) { return []byte("[AWS configuration]"), nil }

// Bounds of settings, each with its reason.
const (
	// maxPINAttempts is Infobip's own default for pinAttempts, which ours must not
	// exceed; `otpctl provision` sets the same.
	maxPINAttempts = 10
	// NIST SP 800-63B-4 3.2.2 allows no more than 100 failures in a row.
	maxFailures = 100
	// An item of DynamoDB has room for this many verifications and more.
	maxNumberSends = 1000
	maxHits        = 1_000_000_000
	minPINLength   = 4
	maxPINLength   = 8
	maxPINTTL      = rate.Day
	maxPause       = rate.Day
	maxMemory      = 10 * 365 * rate.Day
)

// ReadConfig reads the environment. Its error names every variable that is wrong and
// the form it should have. What a function cannot do without is checked by
// Config.CheckDeployed.
func ReadConfig(getenv func(string) string) (Config, error) {
	r := settings.NewReader(getenv)
	p := otp.DefaultPolicy()
	endpoint := r.Text("AWS_ENDPOINT_URL", "")
	c := Config{
		Infobip: Infobip{
			BaseURL:       r.Text("INFOBIP_BASE_URL", ""),
			AllowHTTP:     r.Truth("INFOBIP_ALLOW_HTTP"),
			APIKey:        r.Text("INFOBIP_API_KEY", ""),
			ApplicationID: r.Text("INFOBIP_2FA_APP_ID", ""),
			MessageID:     r.Text("INFOBIP_2FA_MSG_ID", ""),
		},
		AWS: AWS{
			Region:          r.Text("AWS_REGION", r.Text("AWS_DEFAULT_REGION", "")),
			AccessKeyID:     r.Text("AWS_ACCESS_KEY_ID", ""),
			SecretAccessKey: r.Text("AWS_SECRET_ACCESS_KEY", ""),
			SessionToken:    r.Text("AWS_SESSION_TOKEN", ""),
			DynamoDB:        r.Text("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
			SecretsManager:  r.Text("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint),
		},
		Table:       r.Text("TABLE_NAME", ""),
		SecretID:    r.Text("SECRET_ID", ""),
		SendLimit:   r.Rate("IP_SEND_LIMIT", rate.Rate{Attempts: 5, Window: 15 * time.Minute}, maxHits),
		VerifyLimit: r.Rate("IP_VERIFY_LIMIT", rate.Rate{Attempts: 10, Window: 5 * time.Minute}, maxHits),
		Form: httpapi.Form{
			PINLength:             r.Number("PIN_LENGTH", 6, minPINLength, maxPINLength),
			RequireVerificationID: r.Truth("REQUIRE_VERIFICATION_ID"),
			RequirePlus:           r.Truth("REQUIRE_PLUS"),
		},
		Policy: otp.Policy{
			SendLimit:       r.Rate("NUMBER_SEND_LIMIT", p.SendLimit, maxNumberSends),
			ClientSendLimit: r.Rate("NUMBER_CLIENT_SEND_LIMIT", p.ClientSendLimit, maxNumberSends),
			TotalLimit:      r.Rate("NUMBER_TOTAL_LIMIT", p.TotalLimit, maxNumberSends),
			SendCooldown:    r.Duration("SEND_COOLDOWN", p.SendCooldown, 0, maxPause),
			VerifySpacing:   r.Duration("VERIFY_SPACING", p.VerifySpacing, 0, maxPause),
			PINTTL:          r.Duration("PIN_TTL", p.PINTTL, time.Second, maxPINTTL),
			PINAttempts:     r.Number("PIN_ATTEMPTS", p.PINAttempts, 1, maxPINAttempts),
			FailureLimit:    r.Number("NUMBER_FAILURE_LIMIT", p.FailureLimit, 1, maxFailures),
			FailureMemory:   r.Duration("NUMBER_FAILURE_MEMORY", p.FailureMemory, rate.Day, maxMemory),
			DisabledMemory:  r.Duration("NUMBER_DISABLED_MEMORY", p.DisabledMemory, time.Hour, maxMemory),
			KnownMemory:     p.KnownMemory,
			SendTimeout:     FunctionTimeout,
		},
		Guard: guard.Rules{Regions: regions(r), Channels: []otp.Channel{otp.SMS, otp.Voice}},
	}
	if c.Infobip.BaseURL != "" {
		if _, err := infobip.ParseBaseURL(c.Infobip.BaseURL, c.Infobip.AllowHTTP); err != nil {
			r.Fault("INFOBIP_BASE_URL", "the address of your account, such as xyz.api.infobip.com, with https unless it is on this machine or INFOBIP_ALLOW_HTTP is true")
		}
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"} {
		address := getenv(name)
		if address != "" && !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
			r.Fault(name, "an address that begins with http:// or https://")
		}
	}
	return c, r.Err()
}

func regions(r *settings.Reader) []string {
	list := r.Text("ALLOWED_REGIONS", "")
	if list == "" {
		return nil
	}
	codes := strings.Split(list, ",")
	for i, code := range codes {
		codes[i] = strings.TrimSpace(code)
		if len(codes[i]) != 2 || strings.Trim(codes[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			r.Fault("ALLOWED_REGIONS", "a list of ISO 3166 country codes such as AT,DE")
			return nil
		}
	}
	return codes
}

// CheckDeployed says what a Lambda function lacks.
func (c Config) CheckDeployed() error {
	var missing []error
	need := func(name, value, what string) {
		if value == "" {
			missing = append(missing, errors.New(name+" must be set: "+what))
		}
	}
	need("INFOBIP_BASE_URL", c.Infobip.BaseURL, "the address of your Infobip account, such as xyz.api.infobip.com")
	need("INFOBIP_2FA_APP_ID", c.Infobip.ApplicationID, "the id of the 2FA application (otpctl provision prints it)")
	need("INFOBIP_2FA_MSG_ID", c.Infobip.MessageID, "the id of the message template (otpctl provision prints it)")
	need("TABLE_NAME", c.Table, "the name of the DynamoDB table")
	need("AWS_REGION", c.AWS.Region, "the region of the table and the secret")
	if c.SecretID == "" && c.Infobip.APIKey == "" {
		need("SECRET_ID", "", "the name or ARN of the secret in Secrets Manager")
	}
	return errors.Join(missing...)
}
