package settings_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

func env(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// get reads a setting by the method of its kind.
func get(r *settings.Reader, name string) any {
	s, _ := settings.Lookup(name)
	switch s.Kind.(type) {
	case settings.Rate:
		return r.Rate(name)
	case settings.Duration:
		return r.Duration(name)
	case settings.Number:
		return r.Number(name)
	case settings.Truth:
		return r.Truth(name)
	case settings.Word:
		return r.Word(name)
	case settings.List:
		return r.List(name)
	case settings.Throttle:
		return r.Throttle(name)
	case settings.Notation[guard.Limit]:
		return settings.Value[guard.Limit](r, name)
	case settings.Notation[guard.RegionLimits]:
		return settings.Value[guard.RegionLimits](r, name)
	case settings.Notation[guard.Prices]:
		return settings.Value[guard.Prices](r, name)
	case settings.Notation[guard.Allowance]:
		return settings.Value[guard.Allowance](r, name)
	case settings.Notation[catalog.List]:
		return settings.Value[catalog.List](r, name).String()
	case settings.Notation[catalog.Ending]:
		return settings.Value[catalog.Ending](r, name).String()
	case settings.Notation[catalog.Senders]:
		return settings.Value[catalog.Senders](r, name)
	case settings.Notation[float64]:
		return settings.Value[float64](r, name)
	}
	return r.Text(name)
}

func TestValues(t *testing.T) {
	const (
		number   = "PIN_LENGTH must be a whole number from 4 to 8"
		duration = "VERIFY_SPACING must be a duration such as 30s, 10m or 1d, from 0s to 1m"
		aRate    = "NUMBER_SEND_LIMIT must be a rate such as 5/15m or 3/1d, with 1 to 1000 attempts in 1s to 365d"
		truth    = "REQUIRE_PLUS must be true or false"
		word     = "IP_SEND_COUNTS must be one of all, unverified"
		region   = "ALLOWED_REGIONS must be a list of region codes such as AT,DE, or all"
		limit    = "SPEND_LIMIT must be none, or an amount and a window such as 50/1d: at most six decimals, above 0, for 1m to 365d"
		prices   = "SMS_PRICES must be prices such as *=0.08,US=0.01: a region's code or *, which must be there, and a price of at most six decimals up to 1000, above 0"
		network  = "NETWORK_ALLOWANCE must be off, or record or enforce and FLOOR/WINDOW+GROWTH such as enforce 10/1d+3: a floor from 1 to 1000000, a window from 1m to 365d, a growth from 0 to 1000 with at most one decimal"
		hosts    = "CHALLENGE_HOSTNAMES must be hostnames such as app.example.com, with commas between them"
		score    = "CHALLENGE_MIN_SCORE must be a score from 0 to 1 such as 0.5"
		checker  = "CHALLENGE_URL must be an address that begins with https:// (http:// on this machine alone)"
		channel  = "CHANNELS must be a list of channels such as sms,voice, or all"
		throttle = "THROTTLE_SEND must be rate/burst such as 50/100: requests a second from 1 up, and a burst from that to 10000"
		endpoint = "AWS_ENDPOINT_URL must be an address that begins with http:// or https://"
	)
	fiveADay := rate.Rate{Attempts: 5, Window: rate.Day}
	var none []string
	for _, c := range []struct {
		name, value string
		want        any
		fault       string
	}{
		{"INFOBIP_SIMULATOR_HOST", "", "127.0.0.1", ""},
		{"INFOBIP_SIMULATOR_HOST", "a b", "a b", ""},
		{"INFOBIP_SIMULATOR_HOST", " ", " ", ""},
		{"AWS_ENDPOINT_URL", "", "", ""},
		{"AWS_ENDPOINT_URL", "http://127.0.0.1:1", "http://127.0.0.1:1", ""},
		{"AWS_ENDPOINT_URL", "127.0.0.1:1", "", endpoint},
		{"SPEND_LIMIT", "", guard.Limit{}, ""},
		{"SPEND_LIMIT", "none", guard.Limit{}, ""},
		{"SPEND_LIMIT", "50/1d", guard.Limit{Amount: 50_000_000, Window: rate.Day}, ""},
		{"SPEND_LIMIT", "50", guard.Limit{}, limit},
		{"SPEND_LIMIT", "None", guard.Limit{}, limit},
		{"SMS_PRICES", "", guard.Prices{"*": 100_000}, ""},
		{"SMS_PRICES", "none", guard.Prices{"*": 100_000}, prices},
		{"SMS_PRICES", "US=0.01", guard.Prices{"*": 100_000}, prices},
		{"NETWORK_ALLOWANCE", "", guard.DefaultAllowances().Network, ""},
		{"PREFIX_ALLOWANCE", "", guard.DefaultAllowances().Prefix, ""},
		{"REGION_ALLOWANCE", "", guard.DefaultAllowances().Region, ""},
		{"SERVICE_ALLOWANCE", "", guard.DefaultAllowances().Service, ""},
		{"NETWORK_ALLOWANCE", "off", guard.Allowance{}, ""},
		{"NETWORK_ALLOWANCE", "10/1d+3", guard.DefaultAllowances().Network, network},
		{"CHALLENGE_MIN_SCORE", "0", 0.0, ""},
		{"CHALLENGE_MIN_SCORE", "1.0", 1.0, ""},
		{"CHALLENGE_MIN_SCORE", "1.1", 0.5, score},
		{"CHALLENGE_MIN_SCORE", "NaN", 0.5, score},
		{"CHALLENGE_MIN_SCORE", "5e-1", 0.5, score},
		{"CHALLENGE_HOSTNAMES", "app.example.com, localhost", []string{"app.example.com", "localhost"}, ""},
		{"CHALLENGE_HOSTNAMES", "https://app.example.com", none, hosts},
		{"CHALLENGE_HOSTNAMES", "app.example.com,", none, hosts},
		{"CHALLENGE_URL", "http://127.0.0.1:1/siteverify", "http://127.0.0.1:1/siteverify", ""},
		{"CHALLENGE_URL", "http://localhost:1", "http://localhost:1", ""},
		{"CHALLENGE_URL", "http://challenge.example.com", "", checker},
		{"CHALLENGE_URL", "challenge.example.com", "", checker},
		{"PIN_LENGTH", "", 6, ""},
		{"PIN_LENGTH", "4", 4, ""},
		{"PIN_LENGTH", "8", 8, ""},
		{"PIN_LENGTH", "3", 6, number},
		{"PIN_LENGTH", "9", 6, number},
		{"PIN_LENGTH", "-6", 6, number},
		{"PIN_LENGTH", "six", 6, number},
		{"PIN_LENGTH", " 6", 6, number},
		{"PIN_LENGTH", "6.0", 6, number},
		{"PIN_LENGTH", "６", 6, number},
		{"PIN_LENGTH", "99999999999999999999", 6, number},
		{"RESERVED_CONCURRENCY_SEND", "", 0, ""},
		{"VERIFY_SPACING", "", 3 * time.Second, ""},
		{"VERIFY_SPACING", "0s", time.Duration(0), ""},
		{"VERIFY_SPACING", "60s", time.Minute, ""},
		{"VERIFY_SPACING", "1500ms", 1500 * time.Millisecond, ""},
		{"VERIFY_SPACING", "m", time.Minute, ""},
		{"VERIFY_SPACING", "61s", 3 * time.Second, duration},
		{"VERIFY_SPACING", "10", 3 * time.Second, duration},
		{"VERIFY_SPACING", "1s500ms", 3 * time.Second, duration},
		{"VERIFY_SPACING", "-5s", 3 * time.Second, duration},
		{"VERIFY_SPACING", "5 s", 3 * time.Second, duration},
		{"NUMBER_SEND_LIMIT", "", fiveADay, ""},
		{"NUMBER_SEND_LIMIT", "5/15m", rate.Rate{Attempts: 5, Window: 15 * time.Minute}, ""},
		{"NUMBER_SEND_LIMIT", "1000/365d", rate.Rate{Attempts: 1000, Window: 365 * rate.Day}, ""},
		{"NUMBER_SEND_LIMIT", "1/s", rate.Rate{Attempts: 1, Window: time.Second}, ""},
		{"NUMBER_SEND_LIMIT", "0/1d", fiveADay, aRate},
		{"NUMBER_SEND_LIMIT", "1001/1d", fiveADay, aRate},
		{"NUMBER_SEND_LIMIT", "5/366d", fiveADay, aRate},
		{"NUMBER_SEND_LIMIT", "5/500ms", fiveADay, aRate},
		{"NUMBER_SEND_LIMIT", "5", fiveADay, aRate},
		{"NUMBER_SEND_LIMIT", "5 per day", fiveADay, aRate},
		{"REQUIRE_PLUS", "", false, ""},
		{"REQUIRE_PLUS", "false", false, ""},
		{"REQUIRE_PLUS", "true", true, ""},
		{"REQUIRE_PLUS", "True", false, truth},
		{"REQUIRE_PLUS", "1", false, truth},
		{"IP_SEND_COUNTS", "", "all", ""},
		{"IP_SEND_COUNTS", "unverified", "unverified", ""},
		{"IP_SEND_COUNTS", "Unverified", "all", word},
		{"IP_SEND_COUNTS", "all,unverified", "all", word},
		{"ALLOWED_REGIONS", "", none, ""},
		{"ALLOWED_REGIONS", "all", none, ""},
		{"ALLOWED_REGIONS", "AT", []string{"AT"}, ""},
		{"ALLOWED_REGIONS", " AT , DE,001 ", []string{"AT", "DE", "001"}, ""},
		{"ALLOWED_REGIONS", "at", none, region},
		{"ALLOWED_REGIONS", "AT,", none, region},
		{"ALLOWED_REGIONS", ",", none, region},
		{"ALLOWED_REGIONS", "AUT", none, region},
		{"ALLOWED_REGIONS", "A1", none, region},
		{"ALLOWED_REGIONS", "AT;DE", none, region},
		{"ALLOWED_REGIONS", "AT DE", none, region},
		{"ALLOWED_REGIONS", "ÄT", none, region},
		{"ALLOWED_REGIONS", "all,AT", none, region},
		{"ALLOWED_REGIONS", "AT,QQ", none, region + ": QQ is none"},
		{"ALLOWED_REGIONS", "UK", none, region + ": UK is none"},
		{"ALLOWED_REGIONS", "EU", none, region + ": EU is none"},
		{"ALLOWED_REGIONS", "002", none, region + ": 002 is none"},
		{"CHANNELS", "", []string{"sms"}, ""},
		{"CHANNELS", "all", strings.Split(strings.ReplaceAll(otp.Alternatives(), " or ", ", "), ", "), ""},
		{"CHANNELS", "voice", []string{"voice"}, ""},
		{"CHANNELS", "SMS", []string{"sms"}, channel},
		{"CHANNELS", "sms,fax", []string{"sms"}, channel},
		{"CHANNELS", "sms,all", []string{"sms"}, channel},
		{"THROTTLE_SEND", "", settings.Bucket{Rate: 50, Burst: 100}, ""},
		{"THROTTLE_SEND", "1/1", settings.Bucket{Rate: 1, Burst: 1}, ""},
		{"THROTTLE_SEND", "10000/10000", settings.Bucket{Rate: 10000, Burst: 10000}, ""},
		{"THROTTLE_SEND", "0/1", settings.Bucket{Rate: 50, Burst: 100}, throttle},
		{"THROTTLE_SEND", "2/1", settings.Bucket{Rate: 50, Burst: 100}, throttle},
		{"THROTTLE_SEND", "1/10001", settings.Bucket{Rate: 50, Burst: 100}, throttle},
		{"THROTTLE_SEND", "5", settings.Bucket{Rate: 50, Burst: 100}, throttle},
		{"THROTTLE_SEND", "a/b", settings.Bucket{Rate: 50, Burst: 100}, throttle},
	} {
		t.Run(c.name+"="+c.value, func(t *testing.T) {
			r := settings.NewReader(env(map[string]string{c.name: c.value}))
			if diff := cmp.Diff(c.want, get(r, c.name)); diff != "" {
				t.Errorf("the value (-want +got):\n%s", diff)
			}
			if got := text(r.Err()); got != c.fault {
				t.Errorf("the fault is %q, want %q", got, c.fault)
			}
			s, _ := settings.Lookup(c.name)
			if c.value != "" && text(s.Check(c.value)) != c.fault {
				t.Errorf("Check says %q, want %q", text(s.Check(c.value)), c.fault)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestForms: what the texts and the elements of lists have to be.
func TestForms(t *testing.T) {
	key := strings.Repeat("k", 32)
	for name, c := range map[string]struct{ good, bad []string }{
		"CLIENT_ADDRESS_HEADER": {
			[]string{"CloudFront-Viewer-Address", "X-Client-Address", "x-real-ip", "True-Client-IP"},
			[]string{
				"X Client", "X-Client:", "Adresse-für", "a,b", strings.Repeat("x", 101), "Host", "AUTHORIZATION", "cookie", "Content-Type",
				"Idempotency-Key", "X-Origin-Key", "X-Forwarded-For", "Forwarded", "User-Agent",
			},
		},
		"ORIGIN_KEYS": {
			[]string{key, key + "," + strings.Repeat("!", 256), " " + key + " , " + key + "~"},
			[]string{key[:31], key + ",", key + "," + key[:31], strings.Repeat("k", 257), key + "ä", key[:20] + " " + key, key + "\t" + key},
		},
		"STAGE": {
			[]string{"production", "eu-2", "a", strings.Repeat("a", 20)},
			[]string{"Prod", "1st", "-a", "a_b", "a b", strings.Repeat("a", 21)},
		},
		"METRICS_NAMESPACE": {
			[]string{"InfobipOTP", "my/own#1", strings.Repeat("a", 255)},
			[]string{"AWS/Lambda", ":a", "a b", "ä", strings.Repeat("a", 256)},
		},
		"CORS_ORIGINS": {
			[]string{"https://app.example.com", "https://a.example:8443", "http://localhost:5173", "*", "https://a.example, https://b.example"},
			[]string{
				"app.example.com", "https://app.example.com/", "https://*.example.com", "https://me@example.com", "https://App.example.com",
				"https://", "ftp://a.example", "https://a.example?b", "https://a.example,", "null",
			},
		},
		"SECRET_KEY_ARN": {
			[]string{"arn:aws:kms:eu-central-1:111122223333:key/1234abcd", "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1"},
			[]string{
				"alias/otp", "arn:aws:kms:eu-central-1:111122223333:alias/otp", "arn:aws:kms:eu-central-1:11112222333:key/1", "arn:aws:kms::111122223333:key/1",
				"arn:aws:kms:eu-central-1:111122223333:key/", "arn:aws:sns:eu-central-1:111122223333:key/1", "arn:gcp:kms:eu-central-1:111122223333:key/1",
				"arn:aws:kms:eu-central-1:11112222333a:key/1", "urn:aws:kms:eu-central-1:111122223333:key/1", "arn:aws:kms:eu-central-1:111122223333:key/1:2",
			},
		},
		"EXISTING_TABLE": {
			[]string{"otp", "Otp_restored.2026-11", strings.Repeat("a", 255), "arn:aws:dynamodb:eu-central-1:111122223333:table/otp"},
			[]string{
				"ot", "a b c", strings.Repeat("a", 256), "arn:aws:dynamodb:eu-central-1:111122223333:table/", "arn:aws:dynamodb:eu-central-1:111122223333:otp",
				"arn:aws:dynamodb:eu-central-1:111122223333:table/otp/index/a", "arn:aws:sqs:eu-central-1:111122223333:table/otp",
			},
		},
		"VPC_SUBNET_IDS": {
			[]string{"subnet-0a1b2c3d", "subnet-0123456789abcdef0, subnet-0123456789abcdef1"},
			[]string{"0a1b2c3d", "sg-0a1b2c3d", "subnet-0A1B2C3D", "subnet-0a1b2c3", "subnet-0123456789abcdef01", "subnet-0a1b2c3d,", "subnet-0a1b2c3g"},
		},
		"VPC_SECURITY_GROUP_IDS": {
			[]string{"sg-0a1b2c3d"},
			[]string{"default", "subnet-0a1b2c3d", "sg-0a1b2c3"},
		},
		"ALARM_TOPIC_ARN": {
			[]string{"arn:aws:sns:eu-central-1:111122223333:on-call", "arn:aws-cn:sns:cn-north-1:111122223333:On_Call"},
			[]string{
				"on-call", "arn:aws:sns:eu-central-1:111122223333:", "arn:aws:sqs:eu-central-1:111122223333:on-call", "arn:aws:sns:eu-central-1:11112222333:on-call",
				"arn:aws:sns:eu-central-1:111122223333:on-call:1234", "arn:aws:sns:eu-central-1:111122223333:on call",
			},
		},
		"LOG_RETENTION_DAYS": {[]string{"1", "30", "3653"}, []string{"0", "31", "3654", "ten"}},
	} {
		s, ok := settings.Lookup(name)
		if !ok {
			t.Fatalf("%s is not declared", name)
		}
		for _, value := range c.good {
			if err := s.Check(value); err != nil {
				t.Errorf("%s=%s is refused: %v", name, value, err)
			}
		}
		for _, value := range append(c.bad, "") {
			err := s.Check(value)
			if err == nil || !strings.HasPrefix(err.Error(), name+" must be ") {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	}
}

// TestAllFaultsTogether: one start says everything that is wrong.
func TestAllFaultsTogether(t *testing.T) {
	r := settings.NewReader(func(name string) string { return "sparrow-" + name })
	names := []string{"PIN_LENGTH", "PIN_TTL", "IP_SEND_LIMIT", "REQUIRE_PLUS", "IP_SEND_COUNTS", "CHANNELS", "THROTTLE_SEND", "STAGE"}
	for _, name := range names {
		get(r, name)
	}
	r.Fault("E", "something else")
	lines := strings.Split(text(r.Err()), "\n")
	if len(lines) != len(names)+1 {
		t.Fatalf("there are %d faults: %v", len(lines), r.Err())
	}
	for i, name := range append(names, "E") {
		if !strings.HasPrefix(lines[i], name+" must be ") || strings.Contains(lines[i], "sparrow") {
			t.Errorf("fault %d is %q", i+1, lines[i])
		}
	}
}

// TestMistakesOfTheProgram: a name that is misspelt, or read as another kind, is found by
// the first test that reads it.
func TestMistakesOfTheProgram(t *testing.T) {
	r := settings.NewReader(env(nil))
	for name, read := range map[string]func(){
		"settings: PIN_TTLS is not in the table":         func() { r.Duration("PIN_TTLS") },
		"settings: PIN_TTL is a settings.Duration":       func() { r.Number("PIN_TTL") },
		"settings: CHANNELS is a settings.List":          func() { r.Text("CHANNELS") },
		"settings: THROTTLE_SEND is a settings.Throttle": func() { r.Rate("THROTTLE_SEND") },
	} {
		func() {
			defer func() {
				if got := recover(); got != name {
					t.Errorf("got %v, want a panic with %q", got, name)
				}
			}()
			read()
		}()
	}
}

// TestOnLaptop: `make run` has defaults of its own, which what is set goes before.
func TestOnLaptop(t *testing.T) {
	getenv := settings.OnLaptop(env(map[string]string{"PIN_TTL": "5m"}))
	for name, want := range map[string]string{"CHANNELS": "all", "PIN_TTL": "5m", "PIN_LENGTH": "", "UNKNOWN": ""} {
		if got := getenv(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := settings.OnLaptop(env(map[string]string{"CHANNELS": "sms"}))("CHANNELS"); got != "sms" {
		t.Errorf("CHANNELS=sms is %q", got)
	}
}

// TestExamples: each is read as something else than the default.
func TestExamples(t *testing.T) {
	for _, s := range settings.All() {
		unset, set := settings.NewReader(env(nil)), settings.NewReader(env(map[string]string{s.Name: s.Example}))
		if cmp.Equal(get(unset, s.Name), get(set, s.Name)) || unset.Err() != nil || set.Err() != nil {
			t.Errorf("%s=%s is read like nothing (%v, %v)", s.Name, s.Example, unset.Err(), set.Err())
		}
	}
}

// FuzzSettings: any value of any setting is read or refused, whole and never shown.
func FuzzSettings(f *testing.F) {
	for _, value := range []string{"", "5", "10m", "5/15m", "true", "-1", "99999999999999999999d", "1/1ms", "0x10", "1e3", "AT,QQ", "all", "a,b", "50/100", "+5"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, s := range settings.All() {
			err := s.Check(value)
			r := settings.NewReader(env(map[string]string{s.Name: value}))
			got := get(r, s.Name)
			if value != "" && (r.Err() == nil) != (err == nil) {
				t.Errorf("%s=%q: %v to the reader, %v to Check", s.Name, value, r.Err(), err)
			}
			if r.Err() != nil && !cmp.Equal(got, get(settings.NewReader(env(nil)), s.Name)) {
				t.Errorf("%s=%q is refused and read as %v", s.Name, value, got)
			}
			const distinct = 20 // shorter ones may be words of ours
			if err != nil && len(value) >= distinct && strings.Contains(err.Error(), value) {
				t.Errorf("the fault %q shows %q", err, value)
			}
			inBounds(t, s, got)
		}
	})
}

// inBounds checks a value against bounds that are said apart from the table.
func inBounds(t *testing.T, s settings.Setting, got any) {
	t.Helper()
	good := true
	switch got := got.(type) {
	case int:
		good = got >= 0 && got <= 65535
	case time.Duration:
		good = got >= 0 && got <= 3650*rate.Day
	case rate.Rate:
		good = got.Attempts >= 1 && got.Window >= time.Second && got.Window <= 365*rate.Day
	case settings.Bucket:
		good = got.Rate >= 1 && got.Burst >= got.Rate && got.Burst <= 10_000
	case []string:
		good = !slices.Contains(got, "")
	}
	if !good {
		t.Errorf("%s is read as %v", s.Name, got)
	}
}

// TestOnlyRegionsAreShown: a key in the wrong variable does not come into a log.
func TestOnlyRegionsAreShown(t *testing.T) {
	short := regexp.MustCompile(`: ([A-Z]{2}|[0-9]{3}) is none$`)
	for _, s := range settings.All() {
		for _, value := range []string{"QQ", "999", "sparrow", "AT,sparrow-key", "sparrow-key", "Q1", "QQQ", "99"} {
			got := text(s.Check(value))
			shown := fmt.Sprintf(": %s is none", value)
			if s.Name != "ALLOWED_REGIONS" && strings.Contains(got, shown) || strings.Contains(got, "sparrow") ||
				strings.Contains(got, " is none") && !short.MatchString(got) {
				t.Errorf("%s=%s says %q", s.Name, value, got)
			}
		}
	}
}
