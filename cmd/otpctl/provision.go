package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/pkg/app"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/messages"
)

// provision is the command of that name.
type provision struct {
	ui     *tui
	getenv func(string) string
	policy policy

	baseURL   string
	appID     string
	messageID string
	named     func(flag string) bool // whether the operator set it
	keyStdin  bool
	dryRun    bool
	messages  string
	stack     string
	wait      durationFlag
}

// errWouldChange is what a dry run ends with that found something to change.
var errWouldChange = errors.New("something would change")

func newProvision(ui *tui, getenv func(string) string) *cobra.Command {
	p := &provision{ui: ui, getenv: getenv}
	command := &cobra.Command{
		Use:   "provision",
		Short: "Create or update the Infobip 2FA application and its message templates",
		Long: `provision makes the Infobip 2FA application what the flags say, and its message
templates what the file of messages says: it creates what is missing, shows and then
changes what differs, and leaves alone what is right. Run again, it changes nothing.
It deletes nothing: a template that no message has any more is named.

The application is found by its name, or named by --app-id. The template of a message
is the one that INFOBIP_2FA_MESSAGES has for it, else one with the same text and
language (of an e-mail: the same templateId), and never any other.

Without a file of messages there is one template. It is the one with the text of
--text, or else the only one of the application, or named by --message-id.

Settings come from the environment, then from deploy.env (DEPLOY_ENV names another
file), then from what the stack --stack has. Infobip's limits have to lie above the
gateway's own (PIN_ATTEMPTS, PIN_TTL, PIN_LENGTH, NUMBER_SEND_LIMIT, NUMBER_TOTAL_LIMIT,
VERIFY_SPACING). What no flag names is raised to that, and a flag with which Infobip
would refuse before the gateway does is refused here.

Durations are written as in 10m, rates as in 3/1d: a number of attempts, a slash,
and a window in ms, s, m, h or d.

The API key needs the scope 2fa:manage. It is read from INFOBIP_API_KEY; without
it from a prompt, or from standard input with --key-stdin.

The exit code of --dry-run is 3 if something would change.`,
		Example: `  otpctl provision --dry-run
  otpctl provision --messages messages.yaml >> deploy.env
  otpctl provision --sender Example >> .env
  pass infobip/key | otpctl provision --base-url xxxxx.api.infobip.com --key-stdin`,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(command *cobra.Command, _ []string) error {
			p.named = command.Flags().Changed
			return p.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&p.baseURL, "base-url", "", "`address` of the Infobip account, such as xxxxx.api.infobip.com (default INFOBIP_BASE_URL)")
	flags.BoolVar(&p.keyStdin, "key-stdin", false, "read the API key from standard input")
	flags.BoolVar(&p.dryRun, "dry-run", false, "show what would change, change nothing, and exit with 3 if something would")
	flags.StringVar(&p.messages, "messages", "", "`file` of messages (default "+messagesFile+", if it is there); --messages= does without")
	flags.StringVar(&p.stack, "stack", "", "`name` of the stack whose settings fill in what the environment and deploy.env do not have")
	p.wait.set("11m")
	flags.Var(&p.wait, "wait", "how long to wait for Infobip's throttle of new templates altogether; 0s: not at all")
	flags.StringVar(&p.appID, "app-id", "", "`id` of the application, if not found by name")
	flags.StringVar(&p.messageID, "message-id", "", "`id` of the message template, if not found by text")
	p.policy.register(flags)
	for flag, values := range map[string][]string{"language": infobip.Languages, "pin-type": pinTypes} {
		err := command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		if err != nil {
			panic(err) // no such flag
		}
	}
	return command
}

func (p *provision) run(ctx context.Context) error {
	around, err := surround(ctx, p.ui, p.getenv, p.stack)
	if err != nil {
		return err
	}
	gateway, err := app.ReadConfig(func(name string) string {
		if name == "INFOBIP_BASE_URL" && p.baseURL != "" {
			return p.baseURL
		}
		return around.get(name)
	})
	if err != nil {
		return fails(err, "set these environment variables again; the gateway would not start with them either")
	}
	p.policy.follow(p.named, gateway)
	err = p.policy.check(gateway)
	if err != nil {
		return fails(err, "change the flag, or the gateway's own setting in the environment")
	}
	if gateway.Infobip.BaseURL == "" {
		return fails(errors.New("no address of an Infobip account"),
			"set INFOBIP_BASE_URL or use --base-url: the Infobip portal shows it, such as xxxxx.api.infobip.com")
	}
	name, err := p.fileToUse()
	if err != nil {
		return err
	}
	var file *messages.File
	var entries []*entry
	if name != "" {
		file, entries, err = p.readMessages(name, gateway)
		if err != nil {
			return err
		}
		if len(gateway.Messages) > 0 {
			p.ui.say("the templates are those of INFOBIP_2FA_MESSAGES in %s", around.origin("INFOBIP_2FA_MESSAGES"))
		}
	}
	if !p.policy.enabled {
		p.ui.warn("with --enabled=false the application sends nothing")
	}
	if gateway.Policy.VerifySpacing == 0 {
		p.ui.warn("VERIFY_SPACING is off, so that Infobip refuses what comes sooner than --verify-pin-limit %s", &p.policy.verifyPinLimit)
	}
	p.ui.say("the application may send %s, to all numbers together: beyond that Infobip refuses every send until its window is over, "+
		"whoever used it up (--send-per-application changes it)", &p.policy.perApplication)
	key, err := p.key()
	if err != nil {
		return err
	}
	api, err := infobip.NewProvisioner(gateway.Infobip.BaseURL, gateway.Infobip.AllowHTTP, key)
	if err != nil {
		return fails(err, "the portal shows the key under its API keys; copy it whole")
	}
	defer api.Close()
	var lines []line
	if file != nil {
		lines, err = p.reconcileFile(ctx, api, gateway, file, entries)
	} else {
		lines, err = p.reconcile(ctx, api)
	}
	if err != nil && !errors.Is(err, errWouldChange) {
		return explain(err, gateway.Infobip.BaseURL)
	}
	if len(lines) > 0 { // none in a dry run of something new
		base, invalid := infobip.ParseBaseURL(gateway.Infobip.BaseURL, gateway.Infobip.AllowHTTP)
		if invalid != nil {
			return fails(invalid)
		}
		for _, l := range append([]line{{"INFOBIP_BASE_URL", base}}, lines...) {
			p.ui.emit("%s", l)
		}
	}
	return err
}

// key gets the API key from where the operator keeps it.
func (p *provision) key() (string, error) {
	const what = "Infobip API key"
	if !p.keyStdin {
		if key := p.getenv("INFOBIP_API_KEY"); key != "" {
			return key, nil
		}
		if _, interactive := p.ui.terminal(); !interactive {
			return "", fails(errors.New("no API key"),
				"set INFOBIP_API_KEY, or pipe the key in with --key-stdin, or run this in a terminal to be asked for it")
		}
	}
	key, err := p.ui.readSecret(what)
	if err != nil {
		return "", fails(err)
	}
	if key == "" {
		return "", fails(errors.New("the API key that was given is empty"), "the portal shows it under its API keys; copy it whole")
	}
	return key, nil
}

// reconcile brings the provider to the policy, or shows what that would take. It returns the
// lines for the functions' environment, as far as both exist.
func (p *provision) reconcile(ctx context.Context, api *infobip.Provisioner) ([]line, error) {
	want, found, err := p.applications(ctx, api)
	if err != nil {
		return nil, err
	}
	wantMessage := p.policy.message()
	var foundMessage infobip.Message
	if found.ID != "" {
		foundMessage, err = saying(p.ui, "looking for the message template", func() (infobip.Message, error) { return p.findMessage(ctx, api, found.ID) })
		if err != nil {
			return nil, err
		}
	}
	lines := func(applicationID, messageID string) []line {
		if applicationID == "" || messageID == "" {
			return nil
		}
		return []line{{"INFOBIP_2FA_APP_ID", applicationID}, {"INFOBIP_2FA_MSG_ID", messageID}}
	}

	// All is shown before anything is changed.
	changes := differences(applicationMembers(found), applicationMembers(want))
	messageChanges := differences(messageMembers(foundMessage), messageMembers(wantMessage))
	p.show(fmt.Sprintf("application %q", want.Name), found.ID, changes)
	p.show("message template", foundMessage.ID, messageChanges)
	switch {
	case len(changes)+len(messageChanges) == 0:
		p.ui.say("nothing to change")
		return lines(found.ID, foundMessage.ID), nil
	case p.dryRun:
		p.ui.say("dry run: nothing was changed")
		return lines(found.ID, foundMessage.ID), errWouldChange
	}

	want.ID = found.ID
	applicationID, err := p.applyApplication(ctx, api, want, changes)
	if err != nil {
		return nil, err
	}
	merged := overlay(foundMessage, wantMessage)
	merged.ApplicationID = applicationID
	messageID, err := p.applyMessage(ctx, api, merged, messageChanges)
	return lines(applicationID, messageID), err
}

// applications returns what the application is to be, and the one to update; without an ID where
// one is to be created.
func (p *provision) applications(ctx context.Context, api *infobip.Provisioner) (infobip.Application, infobip.Application, error) {
	want := p.policy.application()
	found, err := saying(p.ui, "looking for the application", func() (infobip.Application, error) { return p.findApplication(ctx, api) })
	if p.appID != "" && !p.named("name") {
		want.Name = found.Name
	}
	return want, found, err
}

// saying makes a call and says what it is for, once that takes long.
func saying[T any](ui *tui, what string, call func() (T, error)) (T, error) {
	done := ui.during(what)
	defer done()
	return call()
}

// show says of one thing whether it is new, differs or is right.
func (p *provision) show(what, id string, changes []difference) {
	switch {
	case id == "":
		p.ui.say("%s is new", what)
	case len(changes) == 0:
		p.ui.say("%s (%s) is as it should be", what, id)
	default:
		p.ui.say("%s (%s) differs", what, id)
	}
	for _, change := range changes {
		if id == "" {
			change.is = ""
		}
		p.ui.say("  %s", change)
	}
}

func (p *provision) applyApplication(ctx context.Context, api *infobip.Provisioner, want infobip.Application, changes []difference) (string, error) {
	if want.ID != "" && len(changes) == 0 {
		return want.ID, nil
	}
	call, done := api.UpdateApplication, "updated"
	if want.ID == "" {
		call, done = api.CreateApplication, "created"
	}
	got, err := saying(p.ui, "changing the application", func() (infobip.Application, error) { return call(ctx, want) })
	if err != nil {
		return "", err
	}
	p.ui.say("application %s %s", got.ID, done)
	return got.ID, notTaken(differences(applicationMembers(got), applicationMembers(want)))
}

func (p *provision) applyMessage(ctx context.Context, api *infobip.Provisioner, want infobip.Message, changes []difference) (string, error) {
	if want.ID != "" && len(changes) == 0 {
		return want.ID, nil
	}
	call, done := api.UpdateMessage, "updated"
	if want.ID == "" {
		call, done = api.CreateMessage, "created"
	}
	got, err := saying(p.ui, "changing the message template", func() (infobip.Message, error) { return call(ctx, want) })
	if err != nil {
		return "", err
	}
	p.ui.say("message template %s %s", got.ID, done)
	return got.ID, notTaken(differences(messageMembers(got), messageMembers(want)))
}

// notTaken is the error of a provider that answers well and does otherwise.
func notTaken(left []difference) error {
	if len(left) == 0 {
		return nil
	}
	var texts []string
	for _, d := range left {
		if d.is == "" {
			d.is = "unset"
		}
		texts = append(texts, fmt.Sprintf("%s stays %s and not %s", d.name, d.is, d.want))
	}
	return fails(fmt.Errorf("the change was taken, but %s", strings.Join(texts, ", ")),
		"use a value that your account may have, or ask Infobip's support about it")
}
