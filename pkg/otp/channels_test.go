package otp_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/otp/otptest"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

// TestChannelsReachTheirKind: what cannot reach the recipient is refused before anything is
// counted or read; where the owner does not offer it, that is told first.
func TestChannelsReachTheirKind(t *testing.T) {
	for _, c := range []struct {
		to      recipient.Recipient
		channel otp.Channel
		want    otp.Reason
	}{
		{otptest.Alice, otp.SMS, ""},
		{otptest.Alice, otp.Email, otp.ChannelMismatch},
		{otptest.Alice, otp.Voice, otp.ChannelNotAllowed},
		{otptest.Carol, otp.Email, ""},
		{otptest.Carol, otp.SMS, otp.ChannelMismatch},
		{otptest.Carol, otp.Voice, otp.ChannelNotAllowed},
		{otptest.Carol, "fax", otp.ChannelMismatch},
	} {
		t.Run(string(c.to.Kind())+" by "+string(c.channel), func(t *testing.T) {
			r := newRig(&otptest.Provider{})
			guard := &ruling{not: otp.Voice}
			r.service.Guard = guard
			counts := 0
			caller := counted("", "", &counts)
			receipt, err := r.service.Send(t.Context(), otp.SendRequest{Caller: caller, To: c.to, Channel: c.channel})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := r.state(t, c.to).Verifications[0].Channel; got != c.channel {
					t.Errorf("it is kept as sent by %q", got)
				}
				r.clock.Advance(time.Minute)
				// Its resend goes by the same, and by no other kind's.
				_, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller, To: c.to, VerificationID: receipt.VerificationID})
				if err != nil {
					t.Errorf("resend: %v", err)
				}
				for _, other := range otp.Channels() {
					if other != otp.Voice && !other.Reaches(c.to) {
						_, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller, To: c.to, VerificationID: receipt.VerificationID, Channel: other})
						wantReason(t, err, otp.ChannelMismatch)
					}
				}
				return
			}
			wantReason(t, err, c.want)
			if counts+guard.looks+len(r.provider.Calls("")) != 0 {
				t.Errorf("%d counts, %d looks of the guard, %d calls, want none", counts, guard.looks, len(r.provider.Calls("")))
			}
			r.service.Guard = nil
			if _, err := r.service.Send(t.Context(), otp.SendRequest{Caller: caller, To: c.to, Channel: c.channel}); c.want == otp.ChannelMismatch {
				wantReason(t, err, otp.ChannelMismatch)
			}
		})
	}
}

// TestEachKindHasAUsualChannel, which reaches it and comes first of those that do.
func TestEachKindHasAUsualChannel(t *testing.T) {
	if want := []otp.Channel{otp.SMS, otp.Voice, otp.Email}; !slices.Equal(otp.Channels(), want) {
		t.Errorf("the channels are %v, want %v", otp.Channels(), want)
	}
	if got := otp.Alternatives(); got != "sms, voice or email" {
		t.Errorf("a sentence has them as %q", got)
	}
	for to, want := range map[recipient.Recipient]otp.Channel{otptest.Alice: otp.SMS, otptest.Carol: otp.Email, {}: ""} {
		if got := otp.UsualChannel(to.Kind()); got != want {
			t.Errorf("a %q is sent to by %q, want %q", to.Kind(), got, want)
		}
	}
	for _, channel := range otp.Channels() {
		if channel.Reaches(recipient.Recipient{}) {
			t.Errorf("%s reaches nobody", channel)
		}
	}
}

// channels is a provider that notes the channels it is asked for.
type channels struct {
	otp.Provider
	sent, resent []otp.Channel
}

func (p *channels) Send(ctx context.Context, to recipient.Recipient, channel otp.Channel, message otp.Message) (string, error) {
	p.sent = append(p.sent, channel)
	return p.Provider.Send(ctx, to, channel, message)
}

func (p *channels) Resend(ctx context.Context, pinID string, channel otp.Channel) (string, error) {
	p.resent = append(p.resent, channel)
	return p.Provider.Resend(ctx, pinID, channel)
}

func TestResendWithoutAChannelGoesByThatOfItsSend(t *testing.T) {
	r := newRig(&otptest.Provider{})
	provider := &channels{Provider: r.provider}
	guard := &ruling{}
	r.service.Provider, r.service.Guard = provider, guard
	resend := func(key string, channel otp.Channel, id string) error {
		r.clock.Advance(10 * time.Minute / 4)
		_, err := r.service.Resend(t.Context(), otp.ResendRequest{Caller: caller(key), To: otptest.Alice, VerificationID: id, Channel: channel})
		return err
	}
	receipt, err := r.service.Send(t.Context(), otp.SendRequest{Caller: caller(""), To: otptest.Alice, Channel: otp.Voice})
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range []otp.Channel{"", otp.Voice} { // one request under its key
		if err := resend("key", channel, receipt.VerificationID); err != nil {
			t.Errorf("resend by %q: %v", channel, err)
		}
	}
	if want := []otp.Channel{otp.Voice}; !slices.Equal(provider.resent, want) {
		t.Errorf("resends went by %v, want %v", provider.resent, want)
	}
	guard.not = otp.Voice
	wantReason(t, resend("", "", receipt.VerificationID), otp.ChannelNotAllowed)
	if len(provider.resent) != 1 {
		t.Errorf("resends went by %v", provider.resent)
	}
}
