package props

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Functions are the zips that AssetsDir holds.
var Functions = []string{"send", "verify", "discovery"}

var (
	stageForm      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)
	hostForm       = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
	infobipIDForm  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	secretARNForm  = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}$`)
	secretNameForm = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)
	keyARNForm     = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$`)
)

// retentions are the periods that CloudWatch Logs accepts, in days.
var retentions = []int{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// Bounds of the settings; none is wider than what the functions take (pkg/app), so that a
// deployment cannot end in a function that does not start.
const (
	longestWindow  = 365 * rate.Day
	longestTTL     = time.Hour
	shortestTTL    = 30 * time.Second
	mostAttempts   = 10  // Infobip's own pinAttempts
	mostFailures   = 100 // in a row, NIST SP 800-63B-4
	mostSends      = 1_000
	mostRequests   = 1_000_000_000
	longestMemory  = 10 * 365 * rate.Day
	mostThrottle   = 10_000 // API Gateway's account quota
	mostConcurrent = 1_000  // Lambda's account quota
)

// Validate reports every fault at once, a sentence a line; each names the prop and, where there
// is one, the variable that sets it, and says the accepted form.
func (p Props) Validate() error {
	var faults []error
	check := func(ok bool, prop, form string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(prop+" "+form, args...))
		}
	}

	check(stageForm.MatchString(p.Stage), "Stage (STAGE)",
		"is %q: use up to 20 lower-case letters, digits and hyphens, a letter first, such as production", p.Stage)
	faults = append(faults, p.assetFaults()...)
	faults = append(faults, p.Infobip.faults()...)
	for _, region := range p.AllowedRegions {
		check(isRegion(region), "AllowedRegions (ALLOWED_REGIONS)",
			"has %q: use ISO 3166 alpha-2 codes in capitals, such as AT,DE,US", region)
	}
	faults = append(faults, p.Limits.faults()...)
	check(slices.Contains(retentions, p.LogRetentionDays), "LogRetentionDays (LOG_RETENTION_DAYS)",
		"is %d: use one of %s days", p.LogRetentionDays, strings.Trim(fmt.Sprint(retentions), "[]"))
	for _, origin := range p.CORSOrigins {
		if origin == "*" {
			check(!p.Keeps(), "CORSOrigins (CORS_ORIGINS)",
				"is *, which only the development stage may have: name the origins, such as https://app.example.com")
			continue
		}
		check(isOrigin(origin), "CORSOrigins (CORS_ORIGINS)",
			"has %q: use https origins without a path, such as https://app.example.com", origin)
	}
	faults = append(faults, p.Throttles.faults()...)
	faults = append(faults, p.ReservedConcurrency.faults()...)
	if p.Secret != nil {
		id := p.Secret.ID
		check(secretARNForm.MatchString(id) || secretNameForm.MatchString(id), "Secret (SECRET_ID)",
			"is %q: use the full ARN of a secret, or its name", id)
	}
	check(p.SecretKeyARN == "" || keyARNForm.MatchString(p.SecretKeyARN), "SecretKeyARN (SECRET_KEY_ARN)",
		"is %q: use the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/…", p.SecretKeyARN)
	return errors.Join(faults...)
}

// assetFaults looks for the zips: a template without them would only fail while it is deployed.
func (p Props) assetFaults() []error {
	for _, name := range Functions {
		path := filepath.Join(p.AssetsDir, name+".zip")
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return []error{fmt.Errorf("AssetsDir has no %s.zip: run `make build` first", name)}
		}
	}
	return nil
}

func (i *Infobip) faults() []error {
	if i == nil {
		return nil
	}
	var faults []error
	if !hostForm.MatchString(strings.TrimSuffix(strings.TrimPrefix(i.BaseURL, "https://"), "/")) {
		faults = append(faults, fmt.Errorf("Infobip.BaseURL (INFOBIP_BASE_URL) is %q: use your personal address, such as abc123.api.infobip.com", i.BaseURL))
	}
	if !infobipIDForm.MatchString(i.ApplicationID) {
		faults = append(faults, fmt.Errorf("Infobip.ApplicationID (INFOBIP_2FA_APP_ID) is %q: use the id of the 2FA application, as `otpctl provision` prints it", i.ApplicationID))
	}
	if !infobipIDForm.MatchString(i.MessageID) {
		faults = append(faults, fmt.Errorf("Infobip.MessageID (INFOBIP_2FA_MSG_ID) is %q: use the id of the 2FA message template, as `otpctl provision` prints it", i.MessageID))
	}
	return faults
}

func (l Limits) faults() []error {
	var faults []error
	aRate := func(prop string, r rate.Rate, most int) {
		if r.Attempts < 1 || r.Attempts > most || r.Window < time.Second || r.Window > longestWindow {
			faults = append(faults, fmt.Errorf("%s is %s: use attempts/[n]unit with 1 to %d attempts in a window of 1s to 365d, such as 5/15m", prop, r, most))
		}
	}
	between := func(prop string, d, least, most time.Duration) {
		if d < least || d > most {
			faults = append(faults, fmt.Errorf("%s is %s: use a duration from %s to %s", prop,
				d, rate.FormatDuration(least), rate.FormatDuration(most)))
		}
	}
	count := func(prop string, n, least, most int) {
		if n < least || n > most {
			faults = append(faults, fmt.Errorf("%s is %d: use a whole number from %d to %d", prop, n, least, most))
		}
	}
	aRate("Limits.IPSend (IP_SEND_LIMIT)", l.IPSend, mostRequests)
	aRate("Limits.IPVerify (IP_VERIFY_LIMIT)", l.IPVerify, mostRequests)
	aRate("Limits.NumberSend (NUMBER_SEND_LIMIT)", l.NumberSend, mostSends)
	between("Limits.SendCooldown (SEND_COOLDOWN)", l.SendCooldown, 0, 10*time.Minute)
	between("Limits.VerifySpacing (VERIFY_SPACING)", l.VerifySpacing, 0, time.Minute)
	count("Limits.PINAttempts (PIN_ATTEMPTS)", l.PINAttempts, 1, mostAttempts)
	between("Limits.PINTTL (PIN_TTL)", l.PINTTL, shortestTTL, longestTTL)
	count("Limits.PINLength (PIN_LENGTH)", l.PINLength, 4, 12)
	count("Limits.NumberFailures (NUMBER_FAILURE_LIMIT)", l.NumberFailures, 1, mostFailures)
	between("Limits.FailureMemory (NUMBER_FAILURE_MEMORY)", l.FailureMemory, rate.Day, longestMemory)
	between("Limits.DisabledMemory (NUMBER_DISABLED_MEMORY)", l.DisabledMemory, rate.Day, longestMemory)
	return faults
}

func (t Throttles) faults() []error {
	var faults []error
	for _, bucket := range []struct {
		prop string
		Throttle
	}{
		{"Throttles.Send (THROTTLE_SEND)", t.Send},
		{"Throttles.Resend (THROTTLE_RESEND)", t.Resend},
		{"Throttles.Verify (THROTTLE_VERIFY)", t.Verify},
		{"Throttles.Other (THROTTLE_OTHER)", t.Other},
	} {
		if bucket.Rate < 1 || bucket.Burst < bucket.Rate || bucket.Burst > mostThrottle {
			faults = append(faults, fmt.Errorf("%s is %d/%d: use rate/burst, requests a second from 1 up and a burst from the rate to %d, such as 5/10",
				bucket.prop, bucket.Rate, bucket.Burst, mostThrottle))
		}
	}
	// A send costs money, and an honest client verifies at least as often as it sends.
	if t.Send.Rate > t.Verify.Rate || t.Resend.Rate > t.Verify.Rate {
		faults = append(faults, fmt.Errorf("Throttles.Send and Throttles.Resend (THROTTLE_SEND, THROTTLE_RESEND) are %d and %d requests a second: stay at or below Throttles.Verify (THROTTLE_VERIFY), %d",
			t.Send.Rate, t.Resend.Rate, t.Verify.Rate))
	}
	return faults
}

func (r ReservedConcurrency) faults() []error {
	var faults []error
	for _, reserved := range []struct {
		prop  string
		count *int
	}{
		{"ReservedConcurrency.Send (RESERVED_CONCURRENCY_SEND)", r.Send},
		{"ReservedConcurrency.Verify (RESERVED_CONCURRENCY_VERIFY)", r.Verify},
		{"ReservedConcurrency.Discovery (RESERVED_CONCURRENCY_DISCOVERY)", r.Discovery},
	} {
		if reserved.count != nil && (*reserved.count < 1 || *reserved.count > mostConcurrent) {
			faults = append(faults, fmt.Errorf("%s is %d: use a whole number from 1 to %d, or leave it out for the account's common pool",
				reserved.prop, *reserved.count, mostConcurrent))
		}
	}
	return faults
}

// isRegion tells a country's code from the other regions that CLDR knows, such as EU, and from
// names that a country had once or is called by, such as DD or UK.
func isRegion(code string) bool {
	if len(code) != 2 || code != strings.ToUpper(code) {
		return false
	}
	region, err := language.ParseRegion(code)
	return err == nil && region.IsCountry() && region.Canonicalize().String() == code
}

func isOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	return u.Scheme == "https" && u.Host != "" && u.Hostname() != "" && !strings.Contains(u.Host, "*") &&
		origin == "https://"+u.Host && origin == strings.ToLower(origin)
}
