package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/secrets"
)

// secret is the command of that name, and its parts.
type secret struct {
	ui      *tui
	target  target
	replace bool
}

func newSecret(ui *tui, getenv func(string) string) *cobra.Command {
	s := &secret{ui: ui, target: target{ui: ui, getenv: getenv}}
	command := &cobra.Command{
		Use:   "secret",
		Short: "Put the Infobip API key into the deployment's secret, or check the secret",
		Long: `secret works on the one secret of a deployment in AWS Secrets Manager, SECRET_ID or
--secret: the Infobip API key, and the keys under which phone numbers are kept. No
value of it is ever printed.`,
		Args: noKeyAsArgument,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	set := s.command("set", "Put the Infobip API key into the secret", (*secret).set)
	set.Long = set.Short + `. It is asked for without showing
it, or read from standard input; as an argument it would stay in the shell's history.

What else the secret holds stays as it is. If it has no key for phone numbers yet, one
is made, so the first run makes a complete secret. Those keys are what the state is
found by: with other ones every limit and every running verification is forgotten.
That is why a secret that cannot be read is not overwritten without --replace.

The role needs secretsmanager:GetSecretValue and secretsmanager:PutSecretValue.`
	set.Example = `  otpctl secret set --secret infobip-otp
  pass infobip/key | otpctl secret set`
	set.Flags().BoolVar(&s.replace, "replace", false, "overwrite a secret that cannot be read, its phone keys too")

	check := s.command("check", "Say whether the functions can read the secret", (*secret).check)
	check.Long = check.Short + `, and what is wrong with
it if they cannot. Whether Infobip takes the API key is not asked.

The role needs secretsmanager:GetSecretValue.`
	command.AddCommand(set, check)
	return command
}

func (s *secret) command(name, short string, do func(*secret, context.Context, *secretsmanager.Client, string) error) *cobra.Command {
	command := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  noKeyAsArgument,
		RunE: func(command *cobra.Command, _ []string) error {
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

// noKeyAsArgument does not quote what it refuses: it may be a key.
func noKeyAsArgument(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return errors.New("unexpected argument: set and check take none. If it was a key, it is in your shell's history now, so make a new one at Infobip")
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
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	_, err = client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &next.text})
	if err != nil {
		return named.explain(err)
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

func (s *secret) check(ctx context.Context, client *secretsmanager.Client, id string) error {
	named := secretNamed(id)
	held, err := fetch(ctx, client, id)
	if err != nil {
		return named.explain(err)
	}
	if held.missing {
		return fails(fmt.Errorf("the %s has no value, or is not here", named),
			"otpctl secret set gives it one, or says that it is not here; look at "+named.setting+", AWS_PROFILE and AWS_REGION")
	}
	_, err = secrets.Parse(held.text)
	if err != nil {
		return fails(fmt.Errorf("the functions cannot use the %s: %w", named, err),
			"otpctl secret set puts an API key, and a phone key where there is none")
	}
	s.ui.say("the functions can read the %s", named)
	return nil
}
