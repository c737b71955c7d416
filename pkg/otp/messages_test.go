package otp_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// languages are the messages of a deployment: the languages of each channel, the default's
// first. What a hyphen parts from a language is looked for without it.
type languages map[otp.Channel][]string

func (l languages) nearest(channel otp.Channel, locale string) (string, bool) {
	for range 2 {
		if locale != "" && slices.Contains(l[channel], locale) {
			return locale, true
		}
		locale, _, _ = strings.Cut(locale, "-")
	}
	return "", false
}

func (l languages) Message(channel otp.Channel, locale string) (otp.Message, bool) {
	found, _ := l.nearest(channel, locale)
	return otp.Message{ID: string(channel) + "/" + found, Locale: found}, len(l[channel]) > 0
}

func (l languages) Speaks(channel otp.Channel, locale string) bool {
	_, ok := l.nearest(channel, locale)
	return ok || locale == "" && len(l[channel]) > 0
}

// reading is a provider that keeps the messages that it was asked for.
type reading struct {
	*otptest.Provider
	messages []otp.Message
}

func (p *reading) Send(ctx context.Context, to recipient.Recipient, channel otp.Channel, message otp.Message) (string, error) {
	p.messages = append(p.messages, message)
	return p.Provider.Send(ctx, to, channel, message)
}

// newSpeaking returns a rig of which SMS speaks three languages and calls two.
func newSpeaking() (*rig, *reading) {
	r := newRig(&otptest.Provider{})
	provider := &reading{Provider: r.provider}
	r.service.Provider = provider
	r.service.Messages = languages{otp.SMS: {"", "de", "ar"}, otp.Voice: {"", "de"}}
	return r, provider
}

func (r *rig) sendIn(t *testing.T, locale, key string, channel otp.Channel) (otp.Receipt, otp.Trace, error) {
	t.Helper()
	var trace otp.Trace
	c := caller(key)
	c.Trace = &trace
	receipt, err := r.service.Send(t.Context(), otp.SendRequest{Caller: c, To: otptest.Alice, Channel: channel, Locale: locale})
	return receipt, trace, err
}

// TestMessageOfASend: the provider is asked for the message that was found, which the state
// and the log remember.
func TestMessageOfASend(t *testing.T) {
	for locale, want := range map[string]otp.Message{
		"": {ID: "sms/"}, "de": {ID: "sms/de", Locale: "de"}, "de-AT": {ID: "sms/de", Locale: "de"}, "fr": {ID: "sms/"},
	} {
		r, provider := newSpeaking()
		_, trace, err := r.sendIn(t, locale, "", otp.SMS)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]otp.Message{want}, provider.messages); diff != "" {
			t.Errorf("%q: the provider was asked for (-want +got):\n%s", locale, diff)
		}
		if got := r.state(t, otptest.Alice).Verifications[0].Locale; got != want.Locale {
			t.Errorf("%q: the language is kept as %q, want %q", locale, got, want.Locale)
		}
		shown := map[string]string{"": "*", "de": "de"}[want.Locale]
		if trace.Locale != shown {
			t.Errorf("%q: the trace says %q, want %q", locale, trace.Locale, shown)
		}
		// The verify's line says it too: a conversion is counted by language.
		var verified otp.Trace
		c := caller("")
		c.Trace = &verified
		if _, err := r.service.Verify(t.Context(), otp.VerifyRequest{Caller: c, To: otptest.Alice, PIN: r.provider.PIN(otptest.Alice)}); err != nil {
			t.Fatal(err)
		}
		if verified.Locale != shown {
			t.Errorf("%q: the verify's trace says %q, want %q", locale, verified.Locale, shown)
		}
		if got := r.state(t, otptest.Alice).Verifications[0].Locale; got != "" {
			t.Errorf("%q: a code that has ended keeps the language %q", locale, got)
		}
	}
}

// TestChannelWithoutAMessage is one that is not offered: nothing is counted or asked.
func TestChannelWithoutAMessage(t *testing.T) {
	r, provider := newSpeaking()
	r.service.Messages = languages{otp.SMS: {""}}
	counts := 0
	_, err := r.service.Send(t.Context(), otp.SendRequest{Caller: counted("", "", &counts), To: otptest.Alice, Channel: otp.Voice})
	wantReason(t, err, otp.ChannelNotAllowed)
	if counts+len(provider.messages) != 0 {
		t.Errorf("%d counts, %d messages, want none", counts, len(provider.messages))
	}
}

// TestKeyMeansItsMessage: languages that come to one message repeat each other, other ones
// are another request; the very same request is the same whatever the messages are.
func TestKeyMeansItsMessage(t *testing.T) {
	r, provider := newSpeaking()
	first, _, err := r.sendIn(t, "de", "key", otp.SMS)
	if err != nil {
		t.Fatal(err)
	}
	for _, locale := range []string{"de-DE", "de-AT", "de"} {
		again, trace, err := r.sendIn(t, locale, "key", otp.SMS)
		if err != nil || again != first || !trace.Repeat {
			t.Errorf("%q under the key of de: %+v, %v, want the first answer", locale, again, err)
		}
	}
	for _, locale := range []string{"", "ar", "fr"} {
		_, _, err := r.sendIn(t, locale, "key", otp.SMS)
		wantReason(t, err, otp.KeyReused)
	}
	_, _, err = r.sendIn(t, "de", "key", otp.Voice)
	wantReason(t, err, otp.KeyReused)

	r.service.Messages = languages{otp.SMS: {""}} // a deployment has fewer messages
	if again, _, err := r.sendIn(t, "de", "key", otp.SMS); err != nil || again != first {
		t.Errorf("the same request after a change of the messages: %+v, %v, want the first answer", again, err)
	}
	if len(provider.messages) != 1 {
		t.Errorf("%d messages, want 1", len(provider.messages))
	}
}

// TestKeyOfTheVersionBefore, which had one message for all and no language beside a code: the
// same request is the same here, and there what this version wrote.
func TestKeyOfTheVersionBefore(t *testing.T) {
	r, provider := newSpeaking()
	r.service.Messages = nil // as the version before
	first, _, err := r.sendIn(t, "de-DE", "key", otp.SMS)
	if err != nil {
		t.Fatal(err)
	}
	r.service.Messages = languages{otp.SMS: {"", "de"}}
	if again, _, err := r.sendIn(t, "de-DE", "key", otp.SMS); err != nil || again != first {
		t.Errorf("this version on what the one before wrote: %+v, %v, want the first answer", again, err)
	}
	written := r.state(t, otptest.Alice).Verifications[0].Fingerprint
	r.clock.Advance(time.Minute)
	if _, _, err := r.sendIn(t, "de-DE", "another key", otp.SMS); err != nil {
		t.Fatal(err)
	}
	after := r.state(t, otptest.Alice).Verifications
	if got := after[1].Fingerprint; got != written || after[1].Locale != "de" {
		t.Errorf("this version writes the fingerprint %q, the one before %q", got, written)
	}
	if len(provider.messages) != 2 {
		t.Errorf("%d messages, want 2", len(provider.messages))
	}
}

// TestResendKeepsTheLanguage of its send: a call in a language that calls do not speak is
// refused, and costs nothing; a text is one by any channel.
func TestResendKeepsTheLanguage(t *testing.T) {
	for _, c := range []struct {
		locale     string
		by, again  otp.Channel
		want       otp.Reason
		wantLocale string
	}{
		{"de", otp.SMS, otp.Voice, "", "de"},
		{"de-AT", otp.SMS, otp.Voice, "", "de"},
		{"", otp.SMS, otp.Voice, "", "*"},
		{"fr", otp.SMS, otp.Voice, "", "*"}, // it had the default's
		{"ar", otp.SMS, otp.Voice, otp.ChannelMismatch, "ar"},
		{"ar", otp.SMS, otp.SMS, "", "ar"},
		{"ar", otp.SMS, "", "", "ar"},
		{"ar", otp.Voice, otp.SMS, "", "*"},
		{"ar", otp.Voice, otp.Voice, "", "*"},
	} {
		t.Run(c.locale+" by "+string(c.by)+" and "+string(c.again), func(t *testing.T) {
			r, _ := newSpeaking()
			sent, _, err := r.sendIn(t, c.locale, "", c.by)
			if err != nil {
				t.Fatal(err)
			}
			r.clock.Advance(time.Minute)
			before := r.state(t, otptest.Alice)
			var trace otp.Trace
			asking := caller("")
			asking.Trace = &trace
			_, err = r.service.Resend(t.Context(), otp.ResendRequest{Caller: asking, To: otptest.Alice, VerificationID: sent.VerificationID, Channel: c.again})
			if trace.Locale != c.wantLocale {
				t.Errorf("the trace says %q, want %q", trace.Locale, c.wantLocale)
			}
			if c.want == "" {
				if err != nil || len(r.provider.Calls(otptest.Resend)) != 1 {
					t.Errorf("%v, %d resends, want one", err, len(r.provider.Calls(otptest.Resend)))
				}
				return
			}
			wantReason(t, err, c.want)
			if diff := cmp.Diff(before, r.state(t, otptest.Alice)); diff != "" || len(r.provider.Calls(otptest.Resend)) != 0 {
				t.Errorf("%d resends, and the state changed (-before +after):\n%s", len(r.provider.Calls(otptest.Resend)), diff)
			}
		})
	}
}

// TestUnspokenCallOfADeadCode is a dead code first, and a repeat what it was.
func TestUnspokenCallOfADeadCode(t *testing.T) {
	r, _ := newSpeaking()
	sent, _, err := r.sendIn(t, "ar", "", otp.SMS)
	if err != nil {
		t.Fatal(err)
	}
	call := func(key string) error {
		_, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller(key), To: otptest.Alice, VerificationID: sent.VerificationID, Channel: otp.Voice})
		return err
	}
	r.clock.Advance(time.Minute)
	r.service.Messages = languages{otp.SMS: {"", "ar"}, otp.Voice: {"", "ar"}}
	if err := call("key"); err != nil {
		t.Fatal(err)
	}
	r.service.Messages = languages{otp.SMS: {"", "ar"}, otp.Voice: {""}}
	if err := call("key"); err != nil {
		t.Errorf("the repeat of a call that went out: %v", err)
	}
	wantReason(t, call("other"), otp.ChannelMismatch)
	r.clock.Advance(time.Hour)
	wantReason(t, call("other"), otp.InvalidOrExpired)
}
