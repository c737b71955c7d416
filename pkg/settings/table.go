package settings

import (
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/guard"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
)

// Bounds that several settings share.
const (
	// An item of DynamoDB has room for this many sends and more.
	mostSends = 1000
	mostHits  = 1_000_000_000
	// A memory may outlive every user's phone number.
	longestMemory = 10 * 365 * rate.Day
	highestPort   = 65535
	// The initial quotas of an account: API Gateway's requests a second, Lambda's
	// parallel executions.
	mostRequests   = 10_000
	mostConcurrent = 1_000
)

const (
	endpointForm = "an address that begins with http:// or https://"
	checkerForm  = "an address that begins with https:// (http:// on this machine alone)"
	keyForm      = "the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab (no alias)"
)

// allowance is the notation of the guard's four allowances.
var allowance = Notation[guard.Allowance]{Form: guard.AllowanceForm, Parse: guard.ParseAllowance, Such: "record 20/1d+3"}

// table declares all settings, in the order in which the documents list them.
var table = [...]Setting{
	// What the deployment sends to, and how often. ----------------------------------------
	{
		Name: "ALLOWED_REGIONS", Kind: List{Form: "a list of region codes such as AT,DE, or all", Accepts: phone.IsRegion, All: true, Shows: looksLikeRegion},
		Unset: "`all`", Example: "AT,DE", Readers: Send | Laptop, Demanded: true,
		Sentence: "the regions whose numbers are sent to, by ISO 3166 code; `001` (satellites, international networks) only if it is named",
	}, {
		Name: "ALLOWED_LINE_TYPES", Kind: List{
			Form: "a list of line types such as mobile,fixed_line_or_mobile, or all", All: true,
			Words: []string{
				"mobile", "fixed_line", "fixed_line_or_mobile", "premium_rate", "shared_cost", "toll_free",
				"uan", "pager", "voicemail", "personal", "voip", "unknown",
			},
		},
		Unset: "`mobile,fixed_line_or_mobile`", Example: "mobile,voip", Readers: Send | Laptop,
		Sentence: "the kinds of number that are sent to, by every channel; unset, voice reaches `fixed_line` too. A region alone stops little: +1 900 is a number of US",
	}, {
		Name: "CHANNELS", Kind: List{Form: "a list of channels such as sms,voice, or all", Words: channels(), All: true},
		Default: "sms", Laptop: all, Example: "sms,voice", Readers: Send | Laptop,
		Sentence: "the ways that a code may go",
	}, {
		Name: "IP_SEND_LIMIT", Kind: Rate{Most: mostHits}, Default: "5/15m", Example: "6/16m", Readers: Send | Laptop,
		Sentence: "sends and resends from one client address (IPv6: one /64), in a fixed window from the first; what is refused for its form does not count",
	}, {
		Name: "IP_VERIFY_LIMIT", Kind: Rate{Most: mostHits}, Default: "10/5m", Example: "11/6m", Readers: Verify | Laptop,
		Sentence: "verifies from one client address, likewise",
	}, {
		Name: "IP_SEND_COUNTS", Kind: Word{Words: []string{"all", "unverified"}}, Default: "all", Example: "unverified", Readers: Stateful | Laptop,
		Sentence: "what stays counted against `IP_SEND_LIMIT`: every send, or those without a success, for addresses that many people share",
	}, {
		Name: "NUMBER_SEND_LIMIT", Kind: Rate{Most: mostSends}, Default: "5/1d", Example: "4/2d", Readers: Stateful | Laptop,
		Sentence: "sends and resends to one number, in a fixed window from the first; a success gives them back",
	}, {
		Name: "NUMBER_CLIENT_SEND_LIMIT", Kind: Rate{Most: mostSends}, Default: "3/1d", Example: "2/2d", Readers: Stateful | Laptop,
		Sentence: "how many of them one client may ask for (an IPv4 address, an IPv6 /48), so that one address cannot use up a number's day",
	}, {
		Name: "NUMBER_TOTAL_LIMIT", Kind: Rate{Most: mostSends}, Default: "10/1d", Example: "9/2d", Readers: Stateful | Laptop | Simulator,
		Sentence: "sends and resends to one number, whatever succeeded",
	}, {
		Name: "SEND_COOLDOWN", Kind: Duration{Most: time.Hour}, Default: "30s", Example: "0s", Readers: Stateful | Laptop,
		Sentence: "pause after a send to a number; doubles with each further one in the window, up to 10 minutes; `0s` is off",
	},
	// Codes and guesses. ------------------------------------------------------------------
	{
		Name: "PIN_TTL", Kind: Duration{Least: time.Second, Most: time.Hour}, Default: "10m", Example: "9m", Readers: Stateful | Laptop | Simulator,
		Sentence: "life of a code; not longer than the provider's",
	}, {
		// Infobip's pinAttempts is 10 unless somebody changed it, and must stay above
		// twice ours (`otpctl provision` sees to it).
		Name: "PIN_ATTEMPTS", Kind: Number{Least: 1, Most: 10}, Default: "5", Example: "4", Readers: Stateful | Laptop | Simulator,
		Sentence: "tries at one code by who names its verification or started it, and as many by all others; both together not more than the provider's",
	}, {
		Name: "PIN_LENGTH", Kind: Number{Least: 4, Most: 8}, Default: "6", Example: "8", Readers: Stateful | Laptop | Simulator,
		Sentence: "digits, as the message template makes them",
	}, {
		Name: "VERIFY_SPACING", Kind: Duration{Most: time.Minute}, Default: "3s", Example: "0s", Readers: Stateful | Laptop | Simulator,
		Sentence: "pause between two questions to Infobip about one number (its `verifyPinLimit`); `0s` is off",
	}, {
		// NIST SP 800-63B-4 3.2.2 allows no more than 100 failures in a row.
		Name: "NUMBER_FAILURE_LIMIT", Kind: Number{Least: 1, Most: 100}, Default: "50", Example: "49", Readers: Stateful | Laptop,
		Sentence: "failures in a row, across codes, that close a number; those of one client count for at most half (NIST SP 800-63B-4 allows 100)",
	}, {
		Name: "NUMBER_FAILURE_MEMORY", Kind: Duration{Least: rate.Day, Most: longestMemory}, Default: "90d", Example: "91d", Readers: Stateful | Laptop,
		Sentence: "how long failures are remembered after the last",
	}, {
		Name: "NUMBER_DISABLED_MEMORY", Kind: Duration{Least: time.Hour, Most: longestMemory}, Default: "1d", Example: "401d", Readers: Stateful | Laptop,
		Sentence: "how long they close a number; NIST's \"until rebound\" is `400d` and an operator who opens it",
	}, {
		Name: "REQUIRE_VERIFICATION_ID", Kind: Truth{}, Default: "false", Example: "true", Readers: Verify | Laptop,
		Sentence: "refuses to verify without a `verificationId`; then send an `Idempotency-Key` too, for who loses the answer to a send",
	}, {
		Name: "REQUIRE_PLUS", Kind: Truth{}, Default: "false", Example: "true", Readers: Stateful | Laptop,
		Sentence: "refuses numbers without their `+`: a national number is often another country's",
	}, {
		Name: "ALLOW_TEST_RECIPIENTS", Kind: Truth{}, Default: "false", Example: "true", Readers: Stateful | Laptop,
		Sentence: "heeds the secret's `testRecipients`: reviewers of app stores and end-to-end suites, who are let in with a fixed PIN until their day is over ([test recipients](docs/deploy.md#test-recipients)); `make run` always does",
	}, {
		Name: "TEST_RECIPIENTS", Kind: Text{}, Unset: "none", Example: "+14155552671=424242@2026-01-31", Readers: Stateful | Laptop, Setter: Developer,
		Sentence: "laptops only; in AWS they are the secret's `testRecipients`: `RECIPIENT=PIN@LAST-DAY`, with commas between them",
	},
	// What strangers may cost. --------------------------------------------------------------
	{
		Name: "SPEND_LIMIT", Kind: Notation[guard.Limit]{Form: guard.LimitForm, Parse: guard.ParseLimit, None: true, Such: "50/1d"},
		Unset: "`none`", Example: "400/1d", Readers: Send | Laptop, Demanded: true,
		Sentence: "what all messages of a window may cost, in the currency of the prices; it is never passed, and a fifth of it is kept for numbers that were verified before ([what strangers may cost](docs/abuse.md))",
	}, {
		Name: "REGION_SPEND_LIMIT", Kind: Notation[guard.RegionLimits]{Form: guard.RegionLimitsForm, Parse: guard.ParseRegionLimits, None: true, Such: "*=20/1d,US=100/1d"},
		Unset: "`none`", Example: "*=20/1d,US=100/1d", Readers: Send | Laptop,
		Sentence: "likewise of the messages to one region; `*` is each region that is not named",
	}, {
		Name: "SMS_PRICES", Kind: Notation[guard.Prices]{Form: guard.PricesForm, Parse: guard.ParsePrices, Such: "*=0.08,US=0.01"},
		Default: "*=0.10", Example: "*=0.08,US=0.01", Readers: Send | Laptop,
		Sentence: "what a text message costs, by region, with all parts that its longest language travels in; `*` is each region that is not named",
	}, {
		Name: "VOICE_PRICES", Kind: Notation[guard.Prices]{Form: guard.PricesForm, Parse: guard.ParsePrices, Such: "*=0.08,US=0.01"},
		Default: "*=0.30", Example: "*=0.25", Readers: Send | Laptop,
		Sentence: "what a call costs, likewise",
	}, {
		Name: "EMAIL_PRICES", Kind: Notation[guard.Prices]{Form: guard.PricesForm, Parse: guard.ParsePrices, Such: "*=0.08,US=0.01"},
		Default: "*=0.001", Example: "*=0.002", Readers: Send | Laptop,
		Sentence: "what an e-mail costs: `*` alone counts, for an address has no region",
	}, {
		Name: "NETWORK_ALLOWANCE", Kind: allowance,
		Default: "enforce 10/1d+3", Example: "record 11/1d+2", Readers: Stateful | Laptop,
		Sentence: "sends from one network (IPv4 /24, IPv6 /48): a floor, the window in which it refills, and what each number that is verified adds; `record` counts and only logs, `off` does neither",
	}, {
		Name: "PREFIX_ALLOWANCE", Kind: allowance,
		Default: "enforce 20/1d+3", Example: "record 21/1d+2.5", Readers: Stateful | Laptop,
		Sentence: "sends to one block of 10,000 numbers, likewise; such a block takes at most a tenth of `SPEND_LIMIT` too",
	}, {
		Name: "REGION_ALLOWANCE", Kind: allowance,
		Default: "enforce 25/6h+2", Example: "enforce 101/2d+1", Readers: Stateful | Laptop,
		Sentence: "sends to one region, likewise",
	}, {
		Name: "SERVICE_ALLOWANCE", Kind: allowance,
		Default: "enforce 40/6h+1.5", Example: "off", Readers: Stateful | Laptop,
		Sentence: "all sends together, likewise; with a growth below 1 a service whose numbers stop verifying shuts itself",
	}, {
		Name: "CHALLENGE", Kind: Word{Words: []string{"turnstile", "hcaptcha", "recaptcha"}},
		Unset: "none; `make run` takes the token `pass`", Example: "turnstile", Readers: Send | Laptop,
		Sentence: "whose challenge tells people from robots; its secret is `challengeSecret` in the secret",
	}, {
		Name: "CHALLENGE_MODE", Kind: Word{Words: []string{"suspicious", "always"}}, Default: "suspicious", Example: "always", Readers: Send | Laptop,
		Sentence: "asks for a solved challenge where an allowance has no room, or with every send",
	}, {
		Name: "CHALLENGE_HOSTNAMES", Kind: List{Form: "hostnames such as app.example.com, with commas between them", Accepts: isHostname},
		Unset: "none; `CHALLENGE` needs it", Example: "app.example.com", Readers: Send | Laptop,
		Sentence: "the sites on which a challenge may have been solved",
	}, {
		Name: "CHALLENGE_MIN_SCORE", Kind: Notation[float64]{Form: "a score from 0 to 1 such as 0.5", Parse: parseScore, Such: "0.5"},
		Default: "0.5", Example: "0.7", Readers: Send | Laptop,
		Sentence: "the least score that passes, from 0 (a robot) to 1 (a person), of challenges that have one",
	}, {
		Name: "CHALLENGE_URL", Kind: Text{Form: checkerForm, Accepts: isChecker}, Unset: "the vendor's own", Example: "https://challenge.example.com/siteverify",
		Readers:  Send | Laptop,
		Sentence: "where a token is checked",
	}, {
		Name: "CHALLENGE_SECRET", Kind: Text{Form: "one word of ASCII, as the vendor shows it", Accepts: isWord}, Example: "another-secret", Readers: Send | Laptop, Setter: Developer,
		Sentence: "laptops only; in AWS it is the secret's `challengeSecret`",
	},
	// What a backend can believe. ----------------------------------------------------------
	{
		Name: "PROOF_ISSUER", Kind: Text{
			Form:    "off, or an https address without a query, a fragment or a slash at its end, such as https://otp.example.com (http on this machine alone)",
			Accepts: isIssuer,
		},
		Unset: "the API's own address; the gateway in `make run`", Example: "https://otp.example.com", Readers: Verify | Discovery | Laptop,
		Sentence: "the public address of the API, as proofs name it in `iss`; with it a success carries [proof](docs/proof.md) for your backend. `off`: no proofs, and no key in the stack",
	}, {
		Name: "PROOF_AUDIENCE", Kind: Text{
			Form:    "one word of 1 to 255 printable ASCII characters without a space or a comma, such as accounts.example.com",
			Accepts: isAudience,
		},
		Unset: "`PROOF_ISSUER`", Example: "accounts.example.com", Readers: Verify | Laptop, Demanded: true,
		Sentence: "whom proofs are for: their `aud`",
	}, {
		Name: "PROOF_TTL", Kind: Duration{Least: proof.MinTTL, Most: proof.MaxTTL}, Default: "5m", Example: "4m", Readers: Verify | Laptop,
		Sentence: "how long a proof is good for",
	}, {
		Name: "PROOF_KEY", Kind: Text{Form: keyForm, Accepts: isProofKey},
		Unset: "a key that the stack makes; one of its own in `make run`", Example: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", Readers: Verify | Discovery | Laptop,
		Sentence: "the KMS key that signs proofs (RSA_2048, SIGN_VERIFY), in the place of the stack's",
	}, {
		Name: "PROOF_PUBLISHED_KEYS", Kind: Text{
			Form:    "a list of at most 10 ARNs of KMS keys, each once, such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab (no alias)",
			Accepts: areProofKeys,
		},
		Unset: "none", Example: "arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321", Readers: Verify | Discovery | Laptop,
		Sentence: "further keys that are published: the next one before it signs, and the last one after",
	}, {
		Name: "PROOF_PHONE_NUMBER", Kind: Truth{}, Default: "true", Example: "false", Readers: Verify | Laptop,
		Sentence: "whether proofs say the number; `false` leaves `sub`, which names it to who knows it already",
	},
	// Who the client is. ------------------------------------------------------------------
	{
		Name: "CLIENT_ADDRESS_HEADER", Kind: Text{
			Form:    "the name of a header that holds one address, such as CloudFront-Viewer-Address or X-Client-Address (X-Forwarded-For holds a list)",
			Accepts: isAddressHeader,
		},
		Unset: "none: the peer is the client", Example: "CloudFront-Viewer-Address", Readers: Stateful | Laptop,
		Sentence: "the header that holds the client's address, behind CloudFront or a backend; believed with an `X-Origin-Key` of the secret's `originKeys`, or of an IAM caller",
	}, {
		Name: "ORIGIN_KEYS", Kind: List{
			Form: "origin keys of 32 to 256 printable ASCII characters without spaces, with commas between them", Accepts: isOriginKey,
		},
		Unset: "none", Example: "0123456789abcdef0123456789abcdef", Readers: Stateful | Laptop, Setter: Developer,
		Sentence: "laptops only; in AWS they are the secret's `originKeys`",
	},
	// The provider, and where state and keys are. -----------------------------------------
	{
		Name: "INFOBIP_BASE_URL", Kind: Text{}, Unset: "the simulator in `make run`", Example: "xyz.api.infobip.com",
		Readers: Stateful | Laptop | Stack, Setter: Deployment,
		Sentence: "your account's address, with or without `https://`. Plain http only to this machine",
	}, {
		Name: "INFOBIP_2FA_APP_ID", Kind: Text{}, Unset: "drawn at each start of the simulator", Example: "APP1",
		Readers: Stateful | Laptop | Simulator | Stack, Setter: Deployment,
		Sentence: "2FA application, as `otpctl provision` prints it",
	}, {
		Name: "INFOBIP_2FA_MSG_ID", Kind: Text{}, Unset: "drawn at each start of the simulator", Example: "MSG1",
		Readers: Stateful | Laptop | Simulator | Stack, Setter: Deployment,
		Sentence: "message template, likewise: what `sms` and `voice` go in where `INFOBIP_2FA_MESSAGES` has nothing for them. Not needed where it has a default (`*`) for each that `CHANNELS` offers",
	}, {
		Name: "INFOBIP_2FA_MESSAGES", Kind: Notation[catalog.List]{
			Form: catalog.Form, Parse: catalog.Parse, Explains: true, Such: "sms/*=ID,sms/de=ID,voice/*=ID",
		},
		Unset: "none: every language gets the one message", Example: "sms/*=MSG1,sms/de=MSG2,voice/*=MSG3", Readers: Send | Laptop,
		Sentence: "the message templates by channel and language, `*` for the default language's, as `otpctl provision` prints them; a `locale` finds the nearest. With its simulator `make run` has those of `MESSAGES_FILE`, and here alone their ids",
	}, {
		Name: "INFOBIP_SMS_ENDING", Kind: Notation[catalog.Ending]{
			Form: catalog.EndingForm, Parse: catalog.ParseEnding, Explains: true, Such: `\n@example.com #`,
		},
		Unset: "none", Example: `\n@example.com #`, Readers: Send | Laptop,
		Sentence: "the lines behind the text of each SMS, in the place of the templates' `{{ending}}`, likewise: an Android app's hash, and the host that WebOTP offers the code to. The simulator of `make run` has that of `MESSAGES_FILE`, whatever this says",
	}, {
		Name: "INFOBIP_SENDERS", Kind: Notation[catalog.Senders]{
			Form: catalog.SendersForm, Parse: catalog.ParseSenders, Explains: true, Such: "US=18335550100",
		},
		Unset: "the templates' own", Example: "US=18335550100", Readers: Send | Laptop,
		Sentence: "who a message to a region comes from, likewise, and likewise in `make run`; a call only from a number",
	}, {
		Name: "INFOBIP_TIMEOUT", Kind: Duration{Least: time.Second, Most: 10 * time.Second}, Default: "5s", Example: "8s", Readers: Stateful | Laptop,
		Sentence: "how long a call to Infobip may take: a send that is cut off is unconfirmed, and a verify is asked again only where the function's 20 s leave room, which they do up to `6s`",
	}, {
		Name: "TABLE_NAME", Kind: Text{}, Unset: "memory in `make run`, the stack's in AWS", Example: "table", Readers: Stateful | Laptop, Setter: Deployment,
		Sentence: "DynamoDB table",
	}, {
		Name: "SECRET_ID", Kind: Text{}, Unset: "none in `make run`, the stack's in AWS", Example: "otp/infobip", Readers: Stateful | Laptop | Stack, Setter: Deployment,
		Sentence: "secret in Secrets Manager; of a deployment an existing one in the place of the stack's, by name or full ARN: `{\"infobipApiKey\":\"…\",\"phoneKeys\":{\"1\":\"<base64, 32 bytes>\"},\"phoneKey\":\"1\"}`",
	},
	// What on call sees. -------------------------------------------------------------------
	{
		Name: "METRICS_NAMESPACE", Kind: Text{
			Form: "up to 255 letters, digits and any of . - _ / #, not beginning with AWS/, such as InfobipOTP", Accepts: isNamespace,
		},
		Unset: "`InfobipOTP` in AWS; none in `make run`", Example: "Another/Namespace", Readers: Functions | Laptop, Setter: Deployment,
		Sentence: "the namespace of the metrics that each request's log line carries ([their table](docs/deploy.md#metrics)); needs `STAGE`, which is their dimension",
	}, {
		Name: "STAGE", Kind: Text{
			Form: "up to 20 lower-case letters, digits and hyphens, a letter first, such as production", Accepts: isStage,
		},
		Unset: "`development` in AWS; none in `make run`", Example: "production", Readers: Functions | Laptop | Stack, Setter: Deployment,
		Sentence: "names the deployment and its stack, `infobip-otp-` and the stage: up to 20 lower-case letters, digits and hyphens",
	},
	// Local runs. -------------------------------------------------------------------------
	{
		Name: "INFOBIP_API_KEY", Kind: Text{}, Example: "another-key", Readers: Stateful | Laptop, Setter: Developer,
		Sentence: "laptops only; in AWS the key is in the secret",
	}, {
		Name: "INFOBIP_ALLOW_HTTP", Kind: Truth{}, Default: "false", Example: "true", Readers: Stateful | Laptop, Setter: Developer,
		Sentence: "allows plain http to anywhere, warned about at every start; for containers that talk to the simulator",
	}, {
		Name: "AWS_ENDPOINT_URL", Kind: Text{Form: endpointForm, Accepts: isEndpoint}, Example: "http://127.0.0.1:5000", Readers: Functions | Laptop, Setter: Developer,
		Sentence: "an emulator of AWS",
	}, {
		Name: "AWS_ENDPOINT_URL_DYNAMODB", Kind: Text{Form: endpointForm, Accepts: isEndpoint}, Example: "http://127.0.0.1:8000", Readers: Stateful | Laptop, Setter: Developer,
		Sentence: "one of DynamoDB alone: with it `make run` keeps its state there and creates the table",
	}, {
		Name: "AWS_ENDPOINT_URL_SECRETS_MANAGER", Kind: Text{Form: endpointForm, Accepts: isEndpoint}, Example: "http://127.0.0.1:5001", Readers: Stateful | Laptop, Setter: Developer,
		Sentence: "one of Secrets Manager alone",
	}, {
		Name: "AWS_ENDPOINT_URL_KMS", Kind: Text{Form: endpointForm, Accepts: isEndpoint}, Example: "http://127.0.0.1:5002", Readers: Verify | Discovery | Laptop, Setter: Developer,
		Sentence: "one of KMS alone",
	}, {
		Name: "MESSAGES_FILE", Kind: Text{}, Unset: "`messages.yaml`, or the program's own copy where there is none", Example: "staging.yaml", Readers: Laptop,
		Sentence: "the texts of `make run`'s simulator, read at each start ([their file](docs/messages.md)); with the real Infobip it is not read",
	}, {
		Name: "PORT", Kind: Number{Most: highestPort}, Default: "3000", Example: "3010", Readers: Laptop,
		Sentence: "gateway of `make run`; `0` takes a free one",
	}, {
		Name: "INFOBIP_SIMULATOR_PORT", Kind: Number{Most: highestPort}, Default: "3001", Example: "3011", Readers: Laptop | Simulator,
		Sentence: "the simulator's API",
	}, {
		Name: "INFOBIP_CONTROL_PORT", Kind: Number{Most: highestPort}, Default: "3002", Example: "3012", Readers: Laptop | Simulator,
		Sentence: "its outbox, faults and clock; always on 127.0.0.1, because it shows PINs",
	}, {
		Name: "INFOBIP_SIMULATOR_HOST", Kind: Text{}, Default: "127.0.0.1", Example: "0.0.0.0", Readers: Laptop | Simulator,
		Sentence: "where the simulator's API listens; a container needs a wider host",
	}, {
		Name: "INFOBIP_SIMULATOR_KEY", Kind: Text{}, Default: "simulator", Example: "another-key", Readers: Laptop | Simulator,
		Sentence: "the key that it accepts: `Authorization: App <key>`",
	}, {
		Name: "INFOBIP_SIMULATOR_STRICT", Kind: Truth{}, Default: "false", Example: "true", Readers: Laptop | Simulator,
		Sentence: "refuses what Infobip's own SDKs get wrong: a `+` in `to`, a trailing slash, `ncNeeded=undefined`, unknown members",
	}, {
		Name: "INFOBIP_SIMULATOR_SWITCHES", Kind: Text{}, Example: "v1-ids", Readers: Simulator,
		Sentence: "readings of Infobip that differ from the usual, by name with commas: `go run ./cmd/simulator --help` lists them",
	},
	// What Lambda sets. -------------------------------------------------------------------
	{
		Name: "AWS_LAMBDA_LOG_LEVEL", Kind: Word{Words: []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}}, Default: "INFO", Example: "WARN",
		Readers: Functions | Laptop, Setter: Platform,
		Sentence: "the least level that is logged; of a function it is the application log level of its logging configuration",
	}, {
		Name: "AWS_REGION", Kind: Text{}, Example: "eu-central-1", Readers: Stateful | Laptop, Setter: Platform,
		Sentence: "the region of table and secret",
	}, {
		Name: "AWS_DEFAULT_REGION", Kind: Text{}, Unset: "`AWS_REGION`", Example: "eu-west-1", Readers: Stateful | Laptop, Setter: Platform,
		Sentence: "the same, in the place of `AWS_REGION`",
	}, {
		Name: "AWS_ACCESS_KEY_ID", Kind: Text{}, Example: "another-id", Readers: Functions | Laptop, Setter: Platform,
		Sentence: "credentials; an emulator takes any",
	}, {
		Name: "AWS_SECRET_ACCESS_KEY", Kind: Text{}, Example: "another-secret", Readers: Functions | Laptop, Setter: Platform,
		Sentence: "likewise",
	}, {
		Name: "AWS_SESSION_TOKEN", Kind: Text{}, Example: "another-token", Readers: Functions | Laptop, Setter: Platform,
		Sentence: "likewise",
	},
	// The stack's own. --------------------------------------------------------------------
	{
		Name: "CORS_ORIGINS", Kind: List{Form: "web origins without a path, such as https://app.example.com, or *", Accepts: isOriginOrAny},
		Unset: "none; `make run`: every loopback origin", Example: "https://app.example.com", Readers: Laptop | Stack,
		Sentence: "the pages that may call the API; in AWS `https` alone, and `*` in the stage `development` alone",
	}, {
		Name: "DOMAIN_NAME", Kind: Text{Form: "a host name of yours, such as otp.example.com", Accepts: isDomain},
		Unset: "the API's own address", Example: "otp.example.com", Readers: Stack,
		Sentence: "the address of the service in the place of the API's own, which is closed then; needs `CERTIFICATE_ARN` ([how](#a-domain-of-your-own))",
	}, {
		Name: "CERTIFICATE_ARN", Kind: Text{
			Form: "the ARN of a certificate, such as arn:aws:acm:eu-central-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab", Accepts: isCertificateARN,
		},
		Unset: "none; `DOMAIN_NAME` needs it", Example: "arn:aws:acm:eu-central-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab", Readers: Stack,
		Sentence: "the domain's certificate in ACM, in the region of the deployment",
	}, {
		Name: "HOSTED_ZONE_ID", Kind: Text{Form: "the id of a hosted zone of Route 53, such as Z0123456789ABCDEFGHIJ", Accepts: isZone},
		Unset: "none: the record is made elsewhere, for the output `DomainTarget`", Example: "Z0123456789ABCDEFGHIJ", Readers: Stack,
		Sentence: "the zone in which the stack makes the domain's records",
	}, {
		Name: "AUTHORIZER", Kind: Word{Words: []string{"none", "iam"}}, Default: "none", Example: "iam", Readers: Stack,
		Sentence: "who may send and verify: everybody, or roles of AWS that are let (your backends); `iam` needs `CLIENT_ADDRESS_HEADER` ([how](#for-backends-alone))",
	}, {
		Name: "THROTTLE_SEND", Kind: Throttle{Most: mostRequests}, Default: "50/100", Example: "1/2", Readers: Stack,
		Sentence: "requests a second / burst, of all clients together, that reach the send route",
	}, {
		Name: "THROTTLE_RESEND", Kind: Throttle{Most: mostRequests}, Default: "50/100", Example: "3/4", Readers: Stack,
		Sentence: "the resend route, likewise",
	}, {
		Name: "THROTTLE_VERIFY", Kind: Throttle{Most: mostRequests}, Default: "50/100", Example: "5/6", Readers: Stack,
		Sentence: "the verify route; not below the other two",
	}, {
		Name: "THROTTLE_OTHER", Kind: Throttle{Most: mostRequests}, Default: "100/200", Example: "7/8", Readers: Stack,
		Sentence: "everything else, a browser's preflights before sends and verifies included",
	}, {
		Name: "RESERVED_CONCURRENCY_SEND", Kind: Number{Least: 1, Most: mostConcurrent}, Unset: "the account's pool", Example: "10", Readers: Stack,
		Sentence: "parallel executions of the send function; an account that still has the first quota of ten cannot reserve any",
	}, {
		Name: "RESERVED_CONCURRENCY_VERIFY", Kind: Number{Least: 1, Most: mostConcurrent}, Unset: "the account's pool", Example: "20", Readers: Stack,
		Sentence: "of the verify function",
	}, {
		Name: "RESERVED_CONCURRENCY_DISCOVERY", Kind: Number{Least: 1, Most: mostConcurrent}, Unset: "the account's pool", Example: "5", Readers: Stack,
		Sentence: "of the discovery function",
	}, {
		Name: "DEPLOYMENT", Kind: Word{Words: []string{"all-at-once", "canary-10-5m", "canary-10-15m", "linear-10-1m"}}, Default: "all-at-once", Example: "canary-10-5m", Readers: Stack,
		Sentence: "how requests come to a new version: all at once; a tenth of them for 5 or 15 minutes, then all; or a tenth more each minute. Alarms stop what is gradual, and take it back ([how](#versions-rollback-and-gradual-deployment))",
	}, {
		Name: "MEMORY_MB", Kind: Number{Least: 128, Most: 10240}, Default: "128", Example: "512", Readers: Stack,
		Sentence: "memory of each function, and with it its share of a CPU ([what each costs](cost.md#what-was-done-to-lower-it))",
	}, {
		Name: "ARCHITECTURE", Kind: Word{Words: []string{"arm64", "x86_64"}}, Default: "arm64", Example: "x86_64", Readers: Stack,
		Sentence: "what the functions are built for",
	}, {
		Name: "VPC_SUBNET_IDS", Kind: List{Form: "the ids of subnets such as subnet-0a1b2c3d, with commas between them", Accepts: isSubnet},
		Unset: "no VPC", Example: "subnet-0123456789abcdef0,subnet-0123456789abcdef1", Readers: Stack,
		Sentence: "the subnets that the functions stand in, with a way to DynamoDB, Secrets Manager, KMS and Infobip ([which](construct.md#in-a-vpc)); needs `VPC_SECURITY_GROUP_IDS`",
	}, {
		Name: "VPC_SECURITY_GROUP_IDS", Kind: List{Form: "the ids of security groups such as sg-0a1b2c3d, with commas between them", Accepts: isSecurityGroup},
		Unset: "no VPC", Example: "sg-0123456789abcdef0", Readers: Stack,
		Sentence: "their security groups, which let HTTPS out",
	}, {
		Name: "APPLICATION_LOG_LEVEL", Kind: Word{Words: []string{"TRACE", "DEBUG", "INFO"}}, Default: "INFO", Example: "DEBUG", Readers: Stack,
		Sentence: "the functions' log level (Lambda's `ApplicationLogLevel`); no higher one, for Lambda would drop the lines of requests, and with them every metric",
	}, {
		// The periods that CloudWatch Logs has.
		Name: "LOG_RETENTION_DAYS", Kind: Word{Words: []string{
			"1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731",
			"1096", "1827", "2192", "2557", "2922", "3288", "3653",
		}},
		Default: "30", Example: "90", Readers: Stack,
		Sentence: "how long the log groups keep an event",
	}, {
		Name: "TRACING", Kind: Truth{}, Default: "false", Example: "true", Readers: Stack,
		Sentence: "traces in X-Ray, and the permission to write them: for looking at one thing for a while, since each request costs a trace",
	}, {
		Name: "LOG_KEY_ARN", Kind: Text{
			Form: "the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/…", Accepts: isKeyARN,
		},
		Unset: "CloudWatch's own", Example: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", Readers: Stack,
		Sentence: "the customer managed KMS key of the log groups; [its policy](construct.md#keys-of-your-own) has to let CloudWatch Logs use it",
	}, {
		Name: "EXISTING_TABLE", Kind: Text{Form: "the name or the ARN of a DynamoDB table, such as otp-restored", Accepts: isTable},
		Unset: "the stack's own", Example: "otp-restored", Readers: Stack,
		Sentence: "a table that somebody else made, in the place of the stack's: one that was restored from a backup ([how](operations.md#restore-of-the-table))",
	}, {
		Name: "ALARM_TOPIC_ARN", Kind: Text{
			Form: "the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:111122223333:on-call", Accepts: isTopicARN,
		},
		Unset: "none: alarms show in the console alone", Example: "arn:aws:sns:eu-central-1:111122223333:on-call", Readers: Stack,
		Sentence: "whom the alarms tell, when they go off and when it is over ([what each means](operations.md))",
	}, {
		Name: "ALARM_CONCURRENCY", Kind: Number{Least: 1, Most: 1_000_000}, Unset: "no such alarm", Example: "700", Readers: Stack,
		Sentence: "parallel executions of the whole account from which on an alarm goes off",
	}, {
		Name: "PROVIDER_DAILY_CAP", Kind: Number{Least: 1, Most: 1_000_000_000}, Default: "10000", Example: "50000", Readers: Stack,
		Sentence: "sends a day that Infobip makes for the application at most (`otpctl provision --send-per-application`); an alarm goes off at 70 %",
	}, {
		Name: "TABLE_KEY_ARN", Kind: Text{
			Form: "the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/…", Accepts: isKeyARN,
		},
		Unset: "DynamoDB's own", Example: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", Readers: Stack,
		Sentence: "the customer managed KMS key of the table, the stack's or an existing one",
	}, {
		Name: "SECRET_KEY_ARN", Kind: Text{
			Form: "the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/…", Accepts: isKeyARN,
		},
		Unset: "`aws/secretsmanager`", Example: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", Readers: Stack,
		Sentence: "the customer managed KMS key of the secret",
	}, {
		Name: "PROOF_STACK_KEYS", Kind: List{Form: "numbers such as 1, or 1,2 during a change of key", Accepts: isKeyNumber},
		Unset: "`1`, or none beside a `PROOF_KEY`", Example: "2,1", Readers: Stack,
		Sentence: "the KMS keys that the stack makes for proofs, by numbers of your own: all are published, and the first signs unless there is a `PROOF_KEY` ([how to change it](proof.md#changing-the-key)); about 1 US dollar a month each",
	},
}
