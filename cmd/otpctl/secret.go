package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/pseudonym"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// secret is the command of that name, and its parts.
type secret struct {
	ui      *tui
	target  target
	replace bool
	others  bool
	given   bool // the key is, rather than made
	// pinLength is how many digits PINs have, for those of test recipients.
	pinLength int
	json      bool
}

func newSecret(ui *tui, getenv func(string) string) *cobra.Command {
	s := &secret{ui: ui, target: target{ui: ui, getenv: getenv}}
	command := &cobra.Command{
		Use:   "secret",
		Short: "Put keys into the deployment's secret, change them, or check the secret",
		Long: `secret works on the one secret of a deployment in AWS Secrets Manager, SECRET_ID or
--secret: the Infobip API key, the keys under which phone numbers are kept, the origin
keys of trusted senders, the secret of a challenge, and the test recipients. No value of it is ever printed, but for an origin key
that was made here, once.

What a command does not change stays as it is, members that it does not know too. A
change is made only if nobody else has changed the secret since it was read. The role
needs secretsmanager:GetSecretValue and, to change something,
secretsmanager:PutSecretValue and secretsmanager:UpdateSecretVersionStage.`,
		Args: noKeyAsArgument,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	set := s.command("set", "Put the Infobip API key into the secret", (*secret).set)
	set.Long = set.Short + `. It is asked for without showing
it, or read from standard input; as an argument it would stay in the shell's history.

If the secret has no key for phone numbers yet, one is made, so the first run makes a
complete secret. Those keys are what the state is found by: with other ones every limit
and every running verification is forgotten. That is why a secret that cannot be read
is not overwritten without --replace.`
	set.Example = `  otpctl secret set --secret infobip-otp
  pass infobip/key | otpctl secret set`
	set.Flags().BoolVar(&s.replace, "replace", false, "overwrite a secret that cannot be read, its phone keys too")

	check := s.command("check", "Say whether the functions can read the secret, and what it has", (*secret).check)
	check.Long = check.Short + `:
the versions of its phone keys, which one is in use and from when, how many origin keys
there are, whether there is a challenge's secret, and how many test recipients there are
until when. Or what is wrong with it if they cannot. Whether Infobip takes the API
key is not asked.`
	check.Flags().BoolVar(&s.json, "json", false, "write the report as JSON")

	rotate := s.command("rotate-phone-key", "Have phone numbers kept under a new key from an hour on", (*secret).rotatePhoneKey)
	rotate.Long = rotate.Short + `. It is made here and comes
into use at the same moment everywhere, without a code or a limit lost: what is kept
under the older keys is found there. So the secret keeps them, the first one for ever.`

	add := s.command("add-origin-key", "Add a key by which a trusted sender of requests shows itself", (*secret).addOriginKey)
	add.Use += " [-]"
	add.Args = dashAsArgument
	add.Long = add.Short + ` in
X-Origin-Key, such as CloudFront or a backend. It is made here and printed once or,
with -, asked for or read from standard input.`
	add.Example = `  otpctl secret add-origin-key >key
  pass origin-key | otpctl secret add-origin-key -`

	remove := s.command("remove-origin-key", "Take an origin key out of the secret", (*secret).removeOriginKey)
	remove.Long = remove.Short + `. It is asked for without showing it,
or read from standard input.`
	remove.Flags().BoolVar(&s.others, "others", false, "keep this one, and take out all others")

	challenge := s.command("set-challenge-secret", "Put the secret of the site's challenge into the secret", (*secret).setChallengeSecret)
	challenge.Long = challenge.Short + `, as Turnstile, hCaptcha or
reCAPTCHA shows it. It is asked for without showing it, or read from standard input.`
	challenge.Example = `  pass turnstile/secret | otpctl secret set-challenge-secret`

	tests := s.command("set-test-recipients", "Put who is let in without a message into the secret", (*secret).setTestRecipients)
	tests.Long = tests.Short + `: reviewers of
app stores and end-to-end suites. The list is RECIPIENT=PIN@YYYY-MM-DD, with commas
between them: phone numbers or email addresses, each with a PIN of PIN_LENGTH digits, made
at random, and its last day (UTC), at most 10, at most 90 days ahead. It is asked for
without showing it, or read from standard input, and takes the place of the one before.
Functions heed it with ALLOW_TEST_RECIPIENTS=true alone.`
	tests.Example = `  otpctl secret set-test-recipients <reviewers`

	noTests := s.command("remove-test-recipients", "Take all test recipients out of the secret", (*secret).removeTestRecipients)

	command.AddCommand(set, check, rotate, add, remove, challenge, tests, noTests)
	return command
}

func (s *secret) command(name, short string, do func(*secret, context.Context, *secretsmanager.Client, string) error) *cobra.Command {
	command := &cobra.Command{
		Use:               name,
		Short:             short,
		Args:              noKeyAsArgument,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, args []string) error {
			s.given = len(args) > 0
			c, err := s.target.read()
			if err != nil {
				return err
			}
			s.pinLength = c.Form.PINLength
			if c.SecretID == "" {
				return fails(errors.New("no secret"), "set SECRET_ID or use --secret: the stack's output SecretId names it")
			}
			client, err := s.target.secretsManager(command.Context(), c)
			if err != nil {
				return err
			}
			return do(s, command.Context(), client, c.SecretID)
		},
	}
	s.target.registerSecret(command.Flags())
	return command
}

var errKeyAsArgument = errors.New("unexpected argument: a key is asked for, or read from standard input. If it was one, it is in your shell's history now, so make a new one")

// noKeyAsArgument does not quote what it refuses: it may be a key.
func noKeyAsArgument(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return errKeyAsArgument
}

// dashAsArgument takes one argument, which says where the key is.
func dashAsArgument(_ *cobra.Command, args []string) error {
	if len(args) == 0 || len(args) == 1 && args[0] == "-" {
		return nil
	}
	return errKeyAsArgument
}

func (s *secret) set(ctx context.Context, client *secretsmanager.Client, id string) error {
	named := secretNamed(id)
	// First, so that nobody is asked for a key that cannot be put anywhere.
	held, err := fetch(ctx, client, id)
	if err != nil {
		return named.explain(err)
	}
	key, err := s.key()
	if err != nil {
		return err
	}
	next, err := held.withAPIKey(key)
	switch {
	case err == nil:
	case !s.replace:
		return fails(fmt.Errorf("what the %s holds cannot be read, so it was left alone: %w", named, err),
			"mend it by hand, so that its phoneKeys are kept",
			"or overwrite it with --replace: every limit and every running verification is forgotten then")
	default:
		s.ui.warn("the %s could not be read (%s): its phone keys are replaced too, and what was kept under them is forgotten", named, err)
		next, err = document{}.withAPIKey(key)
		if err != nil {
			return fails(err)
		}
	}
	if next.same {
		s.ui.say("nothing to change: the %s has this API key", named)
		return nil
	}
	err = put(ctx, client, id, held, next.text)
	if err != nil {
		return err
	}
	if next.madePhoneKey {
		s.ui.say("the %s has the API key, and a new key for phone numbers", named)
	} else {
		s.ui.say("the %s has the new API key; the rest stays as it was", named)
	}
	s.ui.say("running functions use it at Infobip's next refusal, or within a quarter of an hour")
	return nil
}

// anyAccount is an address for the client's own look at the form of a key.
const anyAccount = "api.infobip.com"

func (s *secret) key() (string, error) {
	key, err := s.ui.readSecret("Infobip API key")
	if err != nil {
		return "", fails(err)
	}
	const copyIt = "the portal shows it under its API keys; copy it whole"
	if key == "" {
		return "", fails(errors.New("the API key that was given is empty"), copyIt)
	}
	client, err := infobip.NewProvisioner(anyAccount, false, key)
	if err != nil {
		return "", fails(err, copyIt)
	}
	client.Close()
	return key, nil
}

// readable reads the secret where it has to be complete already.
func readable(ctx context.Context, client *secretsmanager.Client, id string) (document, secrets.Secret, error) {
	named := secretNamed(id)
	held, err := fetch(ctx, client, id)
	if err != nil {
		return document{}, secrets.Secret{}, named.explain(err)
	}
	if held.missing {
		return document{}, secrets.Secret{}, fails(fmt.Errorf("the %s has no value, or is not here", named),
			"otpctl secret set gives it one, or says that it is not here; look at "+named.setting+", AWS_PROFILE and AWS_REGION")
	}
	parsed, err := secrets.Parse(held.text)
	if err != nil {
		return document{}, secrets.Secret{}, fails(fmt.Errorf("the functions cannot use the %s: %w", named, err),
			"otpctl secret set puts an API key, and a phone key where there is none")
	}
	return held, parsed, nil
}

func (s *secret) check(ctx context.Context, client *secretsmanager.Client, id string) error {
	held, parsed, err := readable(ctx, client, id)
	if err != nil {
		return err
	}
	s.ui.say("the functions can read the %s", secretNamed(id))
	r := newSecretReport(id, parsed, s.pinLength, held.now)
	if s.json {
		return s.ui.emitJSON(r)
	}
	return s.ui.table(func(line func(string, string, ...any)) { r.lines(line, held.now) })
}

// secretReport is what may be known of a secret.
type secretReport struct {
	Secret    string   `json:"secret"`
	PhoneKeys []string `json:"phoneKeys"` // versions
	InUse     string   `json:"phoneKeyInUse"`
	// Next comes into use From; without it From is since when InUse is.
	Next       string    `json:"phoneKeyNext,omitempty"`
	From       time.Time `json:"phoneKeyFrom,omitzero"`
	OriginKeys int       `json:"originKeys"`
	Challenge  bool      `json:"challengeSecret"`

	Tests testsReport `json:"testRecipients"`
}

func newSecretReport(id string, parsed secrets.Secret, pinLength int, now time.Time) *secretReport {
	from, keys := parsed.PhoneKeyFrom(), parsed.PhoneKeys(now, 0).Ledgers
	r := &secretReport{Secret: id, InUse: keys[0].Version(), OriginKeys: parsed.OriginKeys(), Challenge: parsed.ChallengeSecret() != ""}
	r.Tests = newTestsReport(parsed.TestRecipients(), pinLength, now)
	if !from.IsZero() {
		r.From = second(from)
	}
	if next := parsed.PhoneKeys(from, 0).Ledgers[0].Version(); next != r.InUse {
		r.Next = next
	}
	for _, key := range keys {
		r.PhoneKeys = append(r.PhoneKeys, key.Version())
	}
	slices.SortFunc(r.PhoneKeys, pseudonym.CompareVersions)
	return r
}

func (r *secretReport) lines(line func(string, string, ...any), now time.Time) {
	line("phone keys", "%s", strings.Join(r.PhoneKeys, ", "))
	switch {
	case r.Next != "":
		line("in use", "%s, and %s from %s", r.InUse, r.Next, when(r.From, now))
	case !r.From.IsZero():
		line("in use", "%s since %s", r.InUse, when(r.From, now))
	default:
		line("in use", "%s", r.InUse)
	}
	line("origin keys", "%d", r.OriginKeys)
	challenge := "none"
	if r.Challenge {
		challenge = "has a secret"
	}
	line("challenge", "%s", challenge)
	line("test recipients", "%s", r.Tests)
}
