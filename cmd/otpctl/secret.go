package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
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
}

func newSecret(ui *tui, getenv func(string) string) *cobra.Command {
	s := &secret{ui: ui, target: target{ui: ui, getenv: getenv}}
	command := &cobra.Command{
		Use:   "secret",
		Short: "Put keys into the deployment's secret, change them, or check the secret",
		Long: `secret works on the one secret of a deployment in AWS Secrets Manager, SECRET_ID or
--secret: the Infobip API key, the keys under which phone numbers are kept, and the
origin keys of trusted senders. No value of it is ever printed, but for an origin key
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
the versions of its phone keys, which one is in use and from when, and how many origin
keys there are. Or what is wrong with it if they cannot. Whether Infobip takes the API
key is not asked.`

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

	command.AddCommand(set, check, rotate, add, remove)
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
	return s.report(parsed, held.now)
}

// report writes what may be known of a secret.
func (s *secret) report(parsed secrets.Secret, now time.Time) error {
	from, keys := parsed.PhoneKeyFrom(), parsed.PhoneKeys(now, 0).Ledgers
	inUse := keys[0].Version()
	named := parsed.PhoneKeys(from, 0).Ledgers[0].Version()
	versions := make([]string, 0, len(keys))
	for _, key := range keys {
		versions = append(versions, key.Version())
	}
	slices.SortFunc(versions, pseudonym.CompareVersions)

	out := &strings.Builder{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "phone keys\t%s\n", strings.Join(versions, ", "))
	switch {
	case named != inUse:
		fmt.Fprintf(table, "in use\t%s, and %s from %s\n", inUse, named, when(from, now))
	case !from.IsZero():
		fmt.Fprintf(table, "in use\t%s since %s\n", inUse, when(from, now))
	default:
		fmt.Fprintf(table, "in use\t%s\n", inUse)
	}
	fmt.Fprintf(table, "origin keys\t%d\n", parsed.OriginKeys())
	_ = table.Flush() // into memory
	_, err := io.WriteString(s.ui.out, out.String())
	if err != nil {
		return fails(fmt.Errorf("writing the report: %w", err))
	}
	return nil
}
