package infobip

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/recipient"
)

func ending(t *testing.T, text string) catalog.Ending {
	t.Helper()
	e, err := catalog.ParseEnding(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func numberOf(t *testing.T, text string) recipient.Recipient {
	t.Helper()
	n, err := phone.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return recipient.OfPhone(n)
}

// TestRequestsOfMessages: the template, the sender and what fills the template, in exactly
// the bytes that are asked for.
func TestRequestsOfMessages(t *testing.T) {
	const host, hash = `\n@example.com #`, `\nFA+9qCX9VSu`
	austrian := numberOf(t, "+436641234567")
	german := otp.Message{ID: "sms-de", Locale: "de"}
	send := func(to recipient.Recipient, channel otp.Channel, message otp.Message) func(context.Context, *Client) (string, error) {
		return func(ctx context.Context, c *Client) (string, error) { return c.Send(ctx, to, channel, message) }
	}
	resend := func(channel otp.Channel) func(context.Context, *Client) (string, error) {
		return func(ctx context.Context, c *Client) (string, error) { return c.Resend(ctx, testPinID, channel) }
	}
	for _, c := range []struct {
		name    string
		ending  string
		senders catalog.Senders
		call    func(context.Context, *Client) (string, error)
		body    string
	}{
		{"the message found", "", nil, send(testRecipient, otp.SMS, german), `{"applicationId":"app-1","messageId":"sms-de","to":"14155552671"}`},
		{"SMS with its lines", host, nil, send(testRecipient, otp.SMS, german), `{"applicationId":"app-1","messageId":"sms-de","to":"14155552671","placeholders":{"ending":"\n@example.com #"}}`},
		{"SMS with a hash", hash, nil, send(testRecipient, otp.SMS, otp.Message{}), `{"applicationId":"app-1","messageId":"msg-1","to":"14155552671","placeholders":{"ending":"\nFA+9qCX9VSu"}}`},
		{"call by a template of calls", host, nil, send(testRecipient, otp.Voice, otp.Message{ID: "voice-de"}), `{"applicationId":"app-1","messageId":"voice-de","to":"14155552671"}`},
		{"call by the one template", host, nil, send(testRecipient, otp.Voice, otp.Message{}), `{"applicationId":"app-1","messageId":"msg-1","to":"14155552671","placeholders":{"ending":". "}}`},
		{"e-mail", host, catalog.Senders{{Region: "US", From: "1"}}, send(testMailbox, otp.Email, otp.Message{ID: "mail-1"}), `{"applicationId":"app-1","messageId":"mail-1","to":"canary+tag@example.com"}`},
		{"e-mail to a name that begins with a plus", "", nil, send(mailboxOf("+"+testAddress), otp.Email, otp.Message{ID: "mail-1"}), `{"applicationId":"app-1","messageId":"mail-1","to":"+canary+tag@example.com"}`},
		{"resend by SMS", host, nil, resend(otp.SMS), `{"placeholders":{"ending":"\n@example.com #"}}`},
		{"resend by voice", host, nil, resend(otp.Voice), `{"placeholders":{"ending":". "}}`},
		{"resend by voice, without a host", hash, nil, resend(otp.Voice), `{"placeholders":{"ending":"."}}`},
		{"resend by e-mail", host, nil, resend(otp.Email), `{}`},
		{"sender of the region", "", catalog.Senders{{Region: "AT", From: "My Shop"}, {Region: "US", From: "18335550100"}}, send(testRecipient, otp.SMS, german), `{"applicationId":"app-1","messageId":"sms-de","to":"14155552671","from":"18335550100"}`},
		{"sender of another region", "", catalog.Senders{{Region: "US", From: "18335550100"}}, send(austrian, otp.SMS, german), `{"applicationId":"app-1","messageId":"sms-de","to":"436641234567"}`},
		{"call from a number", "", catalog.Senders{{Region: "US", From: "18335550100"}}, send(testRecipient, otp.Voice, german), `{"applicationId":"app-1","messageId":"sms-de","to":"14155552671","from":"18335550100"}`},
		{"no call from a name", "", catalog.Senders{{Region: "AT", From: "My Shop"}}, send(austrian, otp.Voice, german), `{"applicationId":"app-1","messageId":"sms-de","to":"436641234567"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, says(200, `{"pinId":"NEW","to":"14155552671"}`))
			config := testConfig(s.URL)
			config.Senders = c.senders
			if c.ending != "" {
				config.Ending = ending(t, c.ending)
			}
			if _, err := c.call(t.Context(), newClient(t, config)); err != nil {
				t.Fatal(err)
			}
			if got := s.got(); len(got) != 1 || got[0].body != c.body {
				t.Errorf("asked for %+v, want %s", got, c.body)
			}
		})
	}
}

// TestTextsOfMessages as a phone gets them: the lines at the end of an SMS are for its eyes
// alone, and a call of the same text says the code twice.
func TestTextsOfMessages(t *testing.T) {
	a := newAccount(t, simulator.Options{}, nil)
	german, err := a.api.CreateMessage(t.Context(), Message{
		ApplicationID: a.application.ID, Text: new("Ihr Code ist {{pin}}{{ending}}{{pin}}"), PinType: new("NUMERIC"), PinLength: new(6), Language: new("de"), SenderID: new("Template"),
	})
	if err != nil {
		t.Fatal(err)
	}
	config := testConfig(a.client.wire.base)
	config.ApplicationID, config.MessageID = a.application.ID, a.message.ID
	config.Ending, config.Senders = ending(t, `\n\n@localhost #`), catalog.Senders{{Region: "US", From: "18335550100"}}
	client := newClient(t, config)
	pinID, err := client.Send(t.Context(), testRecipient, otp.SMS, otp.Message{ID: german.ID, Locale: "de"})
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range []otp.Channel{otp.Voice, otp.SMS} {
		if _, err := client.Resend(t.Context(), pinID, channel); err != nil {
			t.Fatal(err)
		}
	}
	type message struct{ Channel, Sender, Language, Text string }
	var got []message
	outbox := a.Outbox("")
	for _, m := range outbox {
		got = append(got, message{m.Channel, m.Sender, m.Language, m.Text})
	}
	pin := outbox[0].PIN
	read, heard := "Ihr Code ist "+pin+"\n\n@localhost #"+pin, "Ihr Code ist "+pin+". "+pin
	if diff := cmp.Diff([]message{
		{"sms", "18335550100", "de", read}, {"voice", "18335550100", "de", heard}, {"sms", "18335550100", "de", read},
	}, got); diff != "" {
		t.Errorf("the messages differ (-want +got):\n%s", diff)
	}
}

// TestNoTemplateOfAll: without the one template, what names none is not sent.
func TestNoTemplateOfAll(t *testing.T) {
	s := serve(t, says(200, "{}"))
	config := testConfig(s.URL)
	config.MessageID = ""
	client := newClient(t, config)
	for _, channel := range []otp.Channel{otp.SMS, otp.Voice} {
		_, err := client.Send(t.Context(), testRecipient, channel, otp.Message{})
		if effectOf(t, err) != otp.NotSent || len(s.got()) != 0 {
			t.Errorf("%s: %v, after %d calls", channel, err, len(s.got()))
		}
	}
}
