package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/rate"
	"github.com/seed-a131a524/infobip-otp/pkg/sms"
)

// checkInfobip asks for the application with the deployment's own key: address, key, scope
// and id are right if it comes.
func checkInfobip(ctx context.Context, v *visit) []finding {
	c, known := v.config()
	switch {
	case !known:
		return unknown("no function starts with its settings")
	case v.secret == nil:
		return unknown("the API key in the secret is not known")
	}
	var err error
	v.provisioner, err = infobip.NewProvisioner(c.Infobip.BaseURL, c.Infobip.AllowHTTP, v.secret.APIKey())
	if err != nil {
		return failed("otpctl secret set, with the key as the portal shows it", "%s", err)
	}
	application, err := v.provisioner.Application(ctx, c.Infobip.ApplicationID)
	if err == nil {
		v.application = &application
		return okay("%s takes the key, which may manage 2FA, and has the application %s", c.Infobip.BaseURL, application.ID)
	}
	call, ok := errors.AsType[*infobip.CallError](err)
	if !ok {
		return failed("look at INFOBIP_BASE_URL", "%s", err)
	}
	switch call.Status {
	case 0:
		return failed("INFOBIP_BASE_URL is the address that the portal shows, such as xxxxx.api.infobip.com; can this machine reach it?", "Infobip cannot be reached: %s", err)
	case http.StatusUnauthorized:
		return failed("look at the API keys in the portal (expired? of another account?), make one, and otpctl secret set", "Infobip does not take the key of the secret: every send fails")
	case http.StatusForbidden:
		return warned("give the key the scope 2fa:manage while you look; sends need 2fa:pin:send alone, and otpctl try shows whether they work",
			"the key may not look at the application, and so nobody can here: it lacks the scope 2fa:manage")
	case http.StatusNotFound:
		return failed("INFOBIP_2FA_APP_ID is what otpctl provision prints, of this account", "the account has no application %s: every send fails", c.Infobip.ApplicationID)
	case http.StatusTooManyRequests:
		return warned("wait ten minutes, and run it again", "Infobip throttles calls about applications")
	}
	return failed("look at INFOBIP_BASE_URL; if it is right, ask Infobip's support", "%s", err)
}

// checkEmailResends asks for a resend of a PIN that is none. Infobip looks at the scope of
// the key first, and the key of sends may lack that of resends by e-mail alone.
func checkEmailResends(ctx context.Context, v *visit) []finding {
	c, known := v.config()
	switch {
	case !known:
		return unknown("no function starts with its settings")
	case !slices.Contains(c.Guard.Channels, otp.Email):
		return okay("not offered: CHANNELS has no email")
	case v.provisioner == nil:
		return unknown("Infobip was not asked")
	}
	call, ok := errors.AsType[*infobip.CallError](v.provisioner.ResendNothingByEmail(ctx))
	switch {
	case ok && call.Status == http.StatusForbidden:
		return failed("give the key the scope 2fa:pin:send in the portal (2fa:pin:manage does for this, and not for sends)",
			"the key may not resend by email: every such resend fails")
	case ok && (call.Status == http.StatusNotFound || call.Status == http.StatusBadRequest):
		return okay("the key may resend by email")
	}
	return warned("run it again", "whether the key may resend by email is not known: Infobip did not answer as it does about a PIN that is none")
}

const provisionAgain = "otpctl provision --dry-run shows what differs, and otpctl provision changes it"

// checkApplication holds the application against the policy of the deployment: the provider
// must not refuse before the gateway does.
func checkApplication(_ context.Context, v *visit) []finding {
	c, known := v.config()
	if !known || v.application == nil {
		return unknown("the application is not known")
	}
	var found []finding
	if enabled := v.application.Enabled; enabled != nil && !*enabled {
		found = append(found, failed(provisionAgain, "it is switched off: nothing is sent")...)
	}
	p, unread := policyOf(v.application)
	p.pinLength = c.Form.PINLength // the template's to have
	for _, member := range unread {
		found = append(found, warned(provisionAgain, "Infobip does not say its %s, or in a form that is not known", member)...)
	}
	for _, err := range p.unreachable(c) {
		found = append(found, failed(provisionAgain, "%s", strings.TrimPrefix(err.Error(), "--"))...)
	}
	return orElse(found, "its limits lie above ours: %d tries, %s, verify %s, one number %s, all %s",
		p.pinAttempts, &p.pinTimeToLive, &p.verifyPinLimit, &p.perNumber, &p.perApplication)
}

// policyOf returns an application as a policy, so that one set of rules judges both, and the members
// that it does not have. In their place stands what fits, so that nothing is said twice.
func policyOf(a *infobip.Application) (*policy, []string) {
	p := &policy{allowMultiple: true, pinType: pinTypes[0]}
	var unread []string
	c := a.Configuration
	if c.PinAttempts != nil {
		p.pinAttempts = *c.PinAttempts
	} else {
		unread = append(unread, "pinAttempts")
		p.pinAttempts = 1 << 20
	}
	if c.AllowMultiplePinVerifications != nil {
		p.allowMultiple = *c.AllowMultiplePinVerifications
	} else {
		unread = append(unread, "allowMultiplePinVerifications")
	}
	if c.PinTimeToLive == nil || p.pinTimeToLive.Set(*c.PinTimeToLive) != nil {
		unread = append(unread, "pinTimeToLive")
		p.pinTimeToLive.set(rate.FormatDuration(longest))
	}
	limit := func(name string, value *string, flag *rateFlag) {
		if value == nil || flag.Set(*value) != nil {
			unread = append(unread, name)
			flag.value = rate.Rate{Attempts: 1 << 30, Window: rate.Day}
		}
	}
	limit("verifyPinLimit", c.VerifyPinLimit, &p.verifyPinLimit)
	limit("sendPinPerApplicationLimit", c.SendPinPerApplicationLimit, &p.perApplication)
	limit("sendPinPerPhoneNumberLimit", c.SendPinPerPhoneNumberLimit, &p.perNumber)
	return p, unread
}

// checkTemplate looks at the template of INFOBIP_2FA_MSG_ID, where something is sent in it.
func checkTemplate(ctx context.Context, v *visit) []finding {
	t, known := v.told()
	switch {
	case !known:
		return unknown("what the function send knows of messages")
	case len(t.catalog.List.OnStandard(t.offered)) == 0:
		return okay("INFOBIP_2FA_MSG_ID is not used: nothing that CHANNELS offers goes in its template")
	case t.standard == "":
		return unknown("there is no INFOBIP_2FA_MSG_ID")
	case v.application == nil:
		return unknown("the application is not known")
	}
	got, err := v.provisioner.Message(ctx, v.application.ID, t.standard)
	if call, ok := errors.AsType[*infobip.CallError](err); ok && call.Status == http.StatusNotFound {
		return failed("INFOBIP_2FA_MSG_ID is what otpctl provision prints, of this application", "the application has no template %s: every send fails", t.standard)
	} else if err != nil {
		return failed("run it again", "the template cannot be read: %s", err)
	}
	return templateFaults(got, t.digits, t.ending)
}

func templateFaults(m infobip.Message, digits int, ending catalog.Ending) []finding {
	if m.Text == nil {
		return failed("INFOBIP_2FA_MSG_ID has to be a template for SMS", "it has no text: it is one for e-mail")
	}
	found := endingFaults(m, ending)
	text := bodyOf(*m.Text)
	if n := strings.Count(text, pinPlaceholder); n != 1 {
		found = append(found, failed(provisionAgain, "its text has %s %d times, want once: people get no code, or it twice", pinPlaceholder, n)...)
	}
	if strings.Contains(strings.ReplaceAll(text, pinPlaceholder, ""), "{{") {
		found = append(found, failed(provisionAgain, "its text has a placeholder besides %s, which nobody fills", pinPlaceholder)...)
	}
	found = append(found, pinFaults(m, digits)...)
	full := strings.ReplaceAll(*m.Text, endingPlaceholder, ending.Lines())
	size := sms.Measure(strings.ReplaceAll(full, pinPlaceholder, strings.Repeat("0", digits)))
	if size.Segments > 1 {
		found = append(found, warned("shorten it (otpctl provision --text), to 160 characters of GSM-7, or 70 of others", "a message takes %d segments (%s), and each costs as much as a message", size.Segments, size.Encoding)...)
	}
	return orElse(found, "%s once, %d digits, %s", pinPlaceholder, digits, fmt.Sprintf("one segment (%s)", size.Encoding))
}

// checkTrial says what cannot be seen from anywhere.
func checkTrial(_ context.Context, v *visit) []finding {
	if v.application == nil {
		return unknown("the application is not known")
	}
	url := v.outputs["ApiUrl"]
	if url == "" {
		url = "URL"
	}
	found := okay("no answer of Infobip's tells a trial account: it says that it has sent, and delivers to numbers alone that are registered in the portal")
	found[0].Todo = "once, before you open: otpctl try " + url + ", with a phone that is not registered there"
	return found
}
