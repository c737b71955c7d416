package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/app/guards"
	"github.com/seed-a131a524/infobip-otp/pkg/app/metrics"
	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/httpapi"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
	"github.com/seed-a131a524/infobip-otp/pkg/telemetry"
)

// FunctionTimeout is the functions' timeout in both templates, and what a laptop's
// gateway gives a request.
const FunctionTimeout = 20 * time.Second

// Config is the environment, read once. Each field is read through its entry in the table
// of settings (pkg/settings), which has the defaults and the bounds.
type Config struct {
	Infobip Infobip
	// Messages are those that codes go in, beside Infobip.MessageID.
	Messages catalog.List
	// Ending and Senders are what a send adds to its message.
	Ending  catalog.Ending
	Senders catalog.Senders
	AWS     AWS
	// Table is the DynamoDB table; empty keeps state in memory.
	Table string
	// SecretID names the secret in Secrets Manager. Infobip.APIKey, if set, stands for
	// it on a laptop.
	SecretID string

	SendLimit     rate.Rate
	VerifyLimit   rate.Rate
	SendCounts    SendCounts
	ClientAddress ClientAddress
	Policy        otp.Policy
	Form          httpapi.Form
	Guard         guards.Config
	Proofs        proofs.Config
	Tests         TestRecipients
	// Metrics is where the metrics of requests go.
	Metrics telemetry.Target
	// LogLevel is the word that telemetry.NewLogger takes.
	LogLevel string

	// Function is the function that this is in AWS; none on a laptop, where some things
	// are all right that are warned about there.
	Function settings.Program
}

// SendCounts says which sends of an address stay counted against SendLimit.
type SendCounts string

// What IP_SEND_COUNTS may be.
const (
	CountAll        SendCounts = "all"
	CountUnverified SendCounts = "unverified" // a success gives its sends back
)

// ClientAddress says who the client is where the peer is not.
type ClientAddress struct {
	// Header holds the client's address. Empty: the peer is the client, and no header is
	// looked at.
	Header string
	// OriginKeys are those of a laptop, one of which a request has to carry to be
	// believed; in AWS they are in the secret.
	OriginKeys []string
}

// Infobip is how the provider is reached.
type Infobip struct {
	BaseURL       string
	AllowHTTP     bool
	APIKey        string
	ApplicationID string
	MessageID     string
	// Timeout bounds one call.
	Timeout time.Duration
}

// AWS is how AWS is reached; the names are the SDK's own.
type AWS struct {
	Region          string
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	DynamoDB        string // endpoint, empty for AWS's own
	SecretsManager  string // endpoint, empty for AWS's own
	KMS             string // endpoint, empty for AWS's own
	// Attempt bounds one attempt of a call to DynamoDB or Secrets Manager; zero means a second. A test
	// that counts calls has more of it, for each attempt that a busy machine lets run out is one more.
	Attempt time.Duration
}

// Format prints a placeholder for every verb: the keys are in clear here.
func (Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[configuration]") }

// Format prints a placeholder for every verb.
func (Infobip) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[Infobip configuration]") }

// Format prints a placeholder for every verb.
func (AWS) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[AWS configuration]") }

// Format prints a placeholder for every verb.
func (ClientAddress) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[client address configuration]")
}

// MarshalText marshals a placeholder.
func (Config) MarshalText() ([]byte, error) { return []byte("[configuration]"), nil }

// MarshalText marshals a placeholder.
func (Infobip) MarshalText() ([]byte, error) { return []byte("[Infobip configuration]"), nil }

// MarshalText marshals a placeholder.
func (AWS) MarshalText() ([]byte, error) { return []byte("[AWS configuration]"), nil }

// MarshalText marshals a placeholder.
func (ClientAddress) MarshalText() ([]byte, error) {
	return []byte("[client address configuration]"), nil
}

// ReadConfig reads the environment. Its error names every variable that is wrong and
// the form it should have. What a function cannot do without is checked by
// Config.CheckDeployed, and that its channels have messages by Config.CheckMessages.
func ReadConfig(getenv func(string) string) (Config, error) {
	r := settings.NewReader(getenv)
	endpoint := r.Text("AWS_ENDPOINT_URL")
	c := Config{
		Infobip: Infobip{
			BaseURL:       r.Text("INFOBIP_BASE_URL"),
			AllowHTTP:     r.Truth("INFOBIP_ALLOW_HTTP"),
			APIKey:        r.Text("INFOBIP_API_KEY"),
			ApplicationID: r.Text("INFOBIP_2FA_APP_ID"),
			MessageID:     r.Text("INFOBIP_2FA_MSG_ID"),
			Timeout:       r.Duration("INFOBIP_TIMEOUT"),
		},
		Messages: settings.Value[catalog.List](r, "INFOBIP_2FA_MESSAGES"),
		Ending:   settings.Value[catalog.Ending](r, "INFOBIP_SMS_ENDING"),
		Senders:  settings.Value[catalog.Senders](r, "INFOBIP_SENDERS"),
		AWS: AWS{
			Region:          cmp.Or(r.Text("AWS_REGION"), r.Text("AWS_DEFAULT_REGION")),
			AccessKeyID:     r.Text("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: r.Text("AWS_SECRET_ACCESS_KEY"),
			SessionToken:    r.Text("AWS_SESSION_TOKEN"),
			DynamoDB:        cmp.Or(r.Text("AWS_ENDPOINT_URL_DYNAMODB"), endpoint),
			SecretsManager:  cmp.Or(r.Text("AWS_ENDPOINT_URL_SECRETS_MANAGER"), endpoint),
			KMS:             cmp.Or(r.Text("AWS_ENDPOINT_URL_KMS"), endpoint),
		},
		Table:       r.Text("TABLE_NAME"),
		SecretID:    r.Text("SECRET_ID"),
		SendLimit:   r.Rate("IP_SEND_LIMIT"),
		VerifyLimit: r.Rate("IP_VERIFY_LIMIT"),
		SendCounts:  SendCounts(r.Word("IP_SEND_COUNTS")),
		ClientAddress: ClientAddress{
			Header:     r.Text("CLIENT_ADDRESS_HEADER"),
			OriginKeys: r.List("ORIGIN_KEYS"),
		},
		Policy: otp.Policy{
			SendLimit:       r.Rate("NUMBER_SEND_LIMIT"),
			ClientSendLimit: r.Rate("NUMBER_CLIENT_SEND_LIMIT"),
			TotalLimit:      r.Rate("NUMBER_TOTAL_LIMIT"),
			SendCooldown:    r.Duration("SEND_COOLDOWN"),
			VerifySpacing:   r.Duration("VERIFY_SPACING"),
			PINTTL:          r.Duration("PIN_TTL"),
			PINAttempts:     r.Number("PIN_ATTEMPTS"),
			FailureLimit:    r.Number("NUMBER_FAILURE_LIMIT"),
			FailureMemory:   r.Duration("NUMBER_FAILURE_MEMORY"),
			DisabledMemory:  r.Duration("NUMBER_DISABLED_MEMORY"),
			KnownMemory:     otp.DefaultPolicy().KnownMemory,
			SendTimeout:     FunctionTimeout,
		},
		Form: httpapi.Form{
			PINLength:             r.Number("PIN_LENGTH"),
			RequireVerificationID: r.Truth("REQUIRE_VERIFICATION_ID"),
			RequirePlus:           r.Truth("REQUIRE_PLUS"),
		},
		Guard:    guards.Read(r),
		Proofs:   proofs.Read(r),
		Metrics:  metrics.Read(r),
		LogLevel: r.Word("AWS_LAMBDA_LOG_LEVEL"),
	}
	if c.Infobip.BaseURL != "" {
		if _, err := infobip.ParseBaseURL(c.Infobip.BaseURL, c.Infobip.AllowHTTP); err != nil {
			r.Fault("INFOBIP_BASE_URL", "the address of your account, such as xyz.api.infobip.com, with https unless it is on this machine or INFOBIP_ALLOW_HTTP is true")
		}
	}
	c.Tests = readTestRecipients(r, c.Form.PINLength, time.Now())
	return c, r.Err()
}

// CheckDeployed returns what a Lambda function lacks.
func (c Config) CheckDeployed() error {
	var missing []error
	need := func(name, value, what string) {
		if value == "" {
			missing = append(missing, errors.New(name+" must be set: "+what))
		}
	}
	need("INFOBIP_BASE_URL", c.Infobip.BaseURL, "the address of your Infobip account, such as xyz.api.infobip.com")
	need("INFOBIP_2FA_APP_ID", c.Infobip.ApplicationID, "the id of the 2FA application (otpctl provision prints it)")
	need("TABLE_NAME", c.Table, "the name of the DynamoDB table")
	need("AWS_REGION", c.AWS.Region, "the region of the table and the secret")
	if c.SecretID == "" && c.Infobip.APIKey == "" {
		need("SECRET_ID", "", "the name or ARN of the secret in Secrets Manager")
	}
	return errors.Join(append(missing, c.Guard.CheckDeployed(), c.Proofs.CheckDeployed(), c.Metrics.Check())...)
}

// Catalog returns the messages that sends choose from.
func (c Config) Catalog() catalog.Catalog {
	return catalog.Catalog{List: c.Messages, Standard: c.Infobip.MessageID != ""}
}

// CheckMessages returns which channels are offered without a message. A function that does
// not send is told neither channels nor messages.
func (c Config) CheckMessages() error {
	if c.Function != 0 && c.Function&settings.Send == 0 {
		return nil
	}
	return c.Catalog().Check(c.Guard.Channels)
}

// provider is what the provider's client is made from.
func (c Config) provider(keys infobip.KeySource) infobip.Config {
	return infobip.Config{
		BaseURL:          c.Infobip.BaseURL,
		AllowHTTP:        c.Infobip.AllowHTTP,
		ApplicationID:    c.Infobip.ApplicationID,
		MessageID:        c.Infobip.MessageID,
		Ending:           c.Ending,
		Senders:          c.Senders,
		Keys:             keys,
		Timeout:          c.Infobip.Timeout,
		VerifyRetryAfter: c.Policy.VerifySpacing,
	}
}
