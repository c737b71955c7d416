package props

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Variables are the names of all settings.
var Variables = []string{
	"STAGE", "INFOBIP_BASE_URL", "INFOBIP_2FA_APP_ID", "INFOBIP_2FA_MSG_ID", "ALLOWED_REGIONS",
	"IP_SEND_LIMIT", "IP_VERIFY_LIMIT", "NUMBER_SEND_LIMIT", "SEND_COOLDOWN", "VERIFY_SPACING",
	"PIN_ATTEMPTS", "PIN_TTL", "PIN_LENGTH", "NUMBER_FAILURE_LIMIT", "NUMBER_FAILURE_MEMORY",
	"NUMBER_DISABLED_MEMORY", "REQUIRE_VERIFICATION_ID", "LOG_RETENTION_DAYS", "CORS_ORIGINS",
	"THROTTLE_SEND", "THROTTLE_RESEND", "THROTTLE_VERIFY", "THROTTLE_OTHER",
	"RESERVED_CONCURRENCY_SEND", "RESERVED_CONCURRENCY_VERIFY", "RESERVED_CONCURRENCY_DISCOVERY",
	"SECRET_ID", "SECRET_KEY_ARN",
}

// FromEnvironment reads the settings of a deployment from environment variables: the limits and
// the Infobip account under the very names that the functions read, the rest under names of its
// own (docs/deploy.md lists them). Empty means unset, and unset means [Default]. The form of
// each value is checked here, what it means by [Props.Validate]; both report all faults at once.
func FromEnvironment(getenv func(string) string, assetsDir string) (Props, error) {
	p := Default(assetsDir)
	r := reader{getenv: getenv}

	r.text("STAGE", &p.Stage)
	infobip := Infobip{
		BaseURL:       getenv("INFOBIP_BASE_URL"),
		ApplicationID: getenv("INFOBIP_2FA_APP_ID"),
		MessageID:     getenv("INFOBIP_2FA_MSG_ID"),
	}
	if infobip != (Infobip{}) {
		p.Infobip = &infobip
	}
	r.list("ALLOWED_REGIONS", &p.AllowedRegions)

	r.rate("IP_SEND_LIMIT", &p.Limits.IPSend)
	r.rate("IP_VERIFY_LIMIT", &p.Limits.IPVerify)
	r.rate("NUMBER_SEND_LIMIT", &p.Limits.NumberSend)
	r.duration("SEND_COOLDOWN", &p.Limits.SendCooldown)
	r.duration("VERIFY_SPACING", &p.Limits.VerifySpacing)
	r.count("PIN_ATTEMPTS", &p.Limits.PINAttempts)
	r.duration("PIN_TTL", &p.Limits.PINTTL)
	r.count("PIN_LENGTH", &p.Limits.PINLength)
	r.count("NUMBER_FAILURE_LIMIT", &p.Limits.NumberFailures)
	r.duration("NUMBER_FAILURE_MEMORY", &p.Limits.FailureMemory)
	r.duration("NUMBER_DISABLED_MEMORY", &p.Limits.DisabledMemory)
	r.truth("REQUIRE_VERIFICATION_ID", &p.Limits.RequireVerificationID)

	r.count("LOG_RETENTION_DAYS", &p.LogRetentionDays)
	r.list("CORS_ORIGINS", &p.CORSOrigins)
	r.throttle("THROTTLE_SEND", &p.Throttles.Send)
	r.throttle("THROTTLE_RESEND", &p.Throttles.Resend)
	r.throttle("THROTTLE_VERIFY", &p.Throttles.Verify)
	r.throttle("THROTTLE_OTHER", &p.Throttles.Other)
	r.optionalCount("RESERVED_CONCURRENCY_SEND", &p.ReservedConcurrency.Send)
	r.optionalCount("RESERVED_CONCURRENCY_VERIFY", &p.ReservedConcurrency.Verify)
	r.optionalCount("RESERVED_CONCURRENCY_DISCOVERY", &p.ReservedConcurrency.Discovery)

	if id := getenv("SECRET_ID"); id != "" {
		p.Secret = &ExistingSecret{ID: id}
	}
	r.text("SECRET_KEY_ARN", &p.SecretKeyARN)
	return p, errors.Join(r.faults...)
}

// Environment is what the functions are told of the settings. INFOBIP_API_KEY and
// INFOBIP_ALLOW_HTTP are for local runs: the first is in the secret in AWS, the second is never
// set there.
func (p Props) Environment() map[string]string {
	l := p.Limits
	variables := map[string]string{
		"IP_SEND_LIMIT":           l.IPSend.String(),
		"IP_VERIFY_LIMIT":         l.IPVerify.String(),
		"NUMBER_SEND_LIMIT":       l.NumberSend.String(),
		"SEND_COOLDOWN":           rate.FormatDuration(l.SendCooldown),
		"VERIFY_SPACING":          rate.FormatDuration(l.VerifySpacing),
		"PIN_ATTEMPTS":            strconv.Itoa(l.PINAttempts),
		"PIN_TTL":                 rate.FormatDuration(l.PINTTL),
		"PIN_LENGTH":              strconv.Itoa(l.PINLength),
		"NUMBER_FAILURE_LIMIT":    strconv.Itoa(l.NumberFailures),
		"NUMBER_FAILURE_MEMORY":   rate.FormatDuration(l.FailureMemory),
		"NUMBER_DISABLED_MEMORY":  rate.FormatDuration(l.DisabledMemory),
		"REQUIRE_VERIFICATION_ID": strconv.FormatBool(l.RequireVerificationID),
	}
	if len(p.AllowedRegions) > 0 {
		variables["ALLOWED_REGIONS"] = strings.Join(p.AllowedRegions, ",")
	}
	return variables
}

// Notes are what an operator should know of settings that are accepted.
func (p Props) Notes() []string {
	var notes []string
	if p.Infobip == nil {
		notes = append(notes, "INFOBIP_BASE_URL, INFOBIP_2FA_APP_ID and INFOBIP_2FA_MSG_ID are not set, so the template asks for them as parameters")
	}
	return notes
}

// MissingForDeployment names the variables without which a deployment would send nothing.
func (p Props) MissingForDeployment() []string {
	infobip := p.Infobip
	if infobip == nil {
		infobip = &Infobip{}
	}
	var missing []string
	for _, required := range []struct{ name, value string }{
		{"INFOBIP_BASE_URL", infobip.BaseURL},
		{"INFOBIP_2FA_APP_ID", infobip.ApplicationID},
		{"INFOBIP_2FA_MSG_ID", infobip.MessageID},
	} {
		if required.value == "" {
			missing = append(missing, required.name)
		}
	}
	return missing
}

type reader struct {
	getenv func(string) string
	faults []error
}

func (r *reader) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf(format, args...))
}

func (r *reader) text(name string, into *string) {
	if value := r.getenv(name); value != "" {
		*into = value
	}
}

func (r *reader) list(name string, into *[]string) {
	value := r.getenv(name)
	if value == "" {
		return
	}
	for element := range strings.SplitSeq(value, ",") {
		*into = append(*into, strings.TrimSpace(element))
	}
}

func (r *reader) count(name string, into *int) {
	value := r.getenv(name)
	if value == "" {
		return
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		r.fault("%s is %q: use a whole number", name, value)
		return
	}
	*into = n
}

func (r *reader) optionalCount(name string, into **int) {
	if r.getenv(name) == "" {
		return
	}
	var n int
	r.count(name, &n)
	*into = &n
}

func (r *reader) rate(name string, into *rate.Rate) {
	value := r.getenv(name)
	if value == "" {
		return
	}
	parsed, err := rate.Parse(value)
	if err != nil {
		r.fault("%s: %w", name, err)
		return
	}
	*into = parsed
}

func (r *reader) duration(name string, into *time.Duration) {
	value := r.getenv(name)
	if value == "" {
		return
	}
	d, err := rate.ParseDuration(value)
	if err != nil {
		r.fault("%s: %w", name, err)
		return
	}
	*into = d
}

func (r *reader) truth(name string, into *bool) {
	switch value := r.getenv(name); value {
	case "":
	case "true", "false":
		*into = value == "true"
	default:
		r.fault("%s is %q: use true or false", name, value)
	}
}

func (r *reader) throttle(name string, into *Throttle) {
	value := r.getenv(name)
	if value == "" {
		return
	}
	rate, burst, found := strings.Cut(value, "/")
	rateCount, rateErr := strconv.Atoi(rate)
	burstCount, burstErr := strconv.Atoi(burst)
	if !found || rateErr != nil || burstErr != nil {
		r.fault("%s is %q: use rate/burst, such as 5/10 for 5 requests a second in bursts of up to 10", name, value)
		return
	}
	*into = Throttle{Rate: rateCount, Burst: burstCount}
}
