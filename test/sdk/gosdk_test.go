package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/infobip/infobip-api-go-client/v3/pkg/infobip"
	"github.com/infobip/infobip-api-go-client/v3/pkg/infobip/api"
	"github.com/infobip/infobip-api-go-client/v3/pkg/infobip/models/sms"
)

// goClient is the official Go SDK, set up as its documentation says.
type goClient struct {
	*api.TfaAPIService
	auth context.Context
}

func newGoClient(baseURL, key string) goClient {
	configuration := infobip.NewConfiguration()
	configuration.Host = baseURL
	auth := context.WithValue(context.Background(), infobip.ContextAPIKeys,
		map[string]infobip.APIKey{"APIKeyHeader": {Key: key}})
	return goClient{TfaAPIService: api.NewAPIClient(configuration).TfaAPI, auth: auth}
}

// call fails the test unless an SDK call had the wanted status and no error. It
// takes the three results of Execute.
func call[T any](t *testing.T, want int) func(T, *http.Response, error) T {
	return func(result T, response *http.Response, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("the SDK failed: %v", err)
		}
		if response.StatusCode != want {
			t.Fatalf("status = %d, want %d", response.StatusCode, want)
		}
		return result
	}
}

func TestGoSDKApplications(t *testing.T) {
	client := newGoClient(newAccount(t).apiURL, apiKey)

	request := sms.NewApplicationRequest("sign-up")
	request.SetEnabled(true)
	configuration := sms.NewApplicationConfiguration() // fills in the six defaults
	configuration.SetPinAttempts(5)
	request.SetConfiguration(*configuration)
	created := call[*sms.ApplicationResponse](t, http.StatusCreated)(client.CreateTfaApplication(client.auth).ApplicationRequest(*request).Execute())
	id := created.GetApplicationId()

	read := call[*sms.ApplicationResponse](t, http.StatusOK)(client.GetTfaApplication(client.auth, id).Execute())
	got := read.GetConfiguration()
	if read.GetName() != "sign-up" || !read.GetEnabled() || got.GetPinAttempts() != 5 || got.GetPinTimeToLive() != "15m" ||
		got.GetVerifyPinLimit() != "1/3s" || got.GetSendPinPerApplicationLimit() != "10000/1d" ||
		got.GetSendPinPerPhoneNumberLimit() != "3/1d" || !got.GetAllowMultiplePinVerifications() {
		t.Errorf("application = %+v, configuration = %+v", read, got)
	}

	change := sms.NewApplicationRequest("login")
	change.SetEnabled(false)
	changed := call[*sms.ApplicationResponse](t, http.StatusOK)(client.UpdateTfaApplication(client.auth, id).ApplicationRequest(*change).Execute())
	kept := changed.GetConfiguration()
	if changed.GetName() != "login" || changed.GetEnabled() || kept.GetPinAttempts() != 5 {
		t.Errorf("changed application = %+v, want the new name, disabled, and the configuration kept", changed)
	}

	list := call[[]sms.ApplicationResponse](t, http.StatusOK)(client.GetTfaApplications(client.auth).Execute())
	if len(list) != 1 || list[0].GetApplicationId() != id {
		t.Errorf("list = %+v, want the one application", list)
	}
}

func TestGoSDKTemplates(t *testing.T) {
	client := newGoClient(newAccount(t).apiURL, apiKey)
	app := client.newApplication(t)

	text := sms.NewCreateMessageRequest("Your code is {{pin}}", sms.PINTYPE_NUMERIC)
	text.SetPinLength(6)
	text.SetSenderId("InfoSMS")
	text.SetLanguage(sms.TFALANGUAGE_PT_BR)
	text.SetVoiceName("Joanna")
	text.SetRepeatDTMF("1#")
	text.SetSpeechRate(1.5)
	india := sms.NewIndiaDltOptions("1001")
	india.SetTelemarketerId("1002") // the SDK's spelling, which the contract does not have
	regional := sms.NewRegionalOptions()
	regional.SetIndiaDlt(*india)
	text.SetRegional(*regional)
	created := call[*sms.TemplateMessage](t, http.StatusOK)(client.CreateTfaMessageTemplate(client.auth, app).CreateMessageRequest(*text).Execute())
	textID := created.GetMessageId()
	if created.GetApplicationId() != app || created.GetPinPlaceholder() != "{{pin}}" || created.GetLanguage() != sms.TFALANGUAGE_PT_BR {
		t.Errorf("template = %+v", created)
	}

	change := sms.NewUpdateMessageRequest() // a partial PUT
	change.SetPinLength(8)
	changed := call[*sms.TemplateMessage](t, http.StatusOK)(client.UpdateTfaMessageTemplate(client.auth, app, textID).UpdateMessageRequest(*change).Execute())
	if changed.GetPinLength() != 8 || changed.GetMessageText() != "Your code is {{pin}}" || changed.GetVoiceName() != "Joanna" {
		t.Errorf("changed template = %+v, want the new length and the rest kept", changed)
	}

	email := sms.NewCreateEmailMessageRequest(1234)
	email.SetFrom("Example <company@example.com>")
	createdEmail := call[*sms.EmailMessage](t, http.StatusOK)(client.CreateTfaEmailMessageTemplate(client.auth, app).CreateEmailMessageRequest(*email).Execute())
	emailID := createdEmail.GetMessageId()
	if createdEmail.GetPinLength() != 4 || createdEmail.GetPinType() != sms.PINTYPE_NUMERIC || createdEmail.GetEmailTemplateId() != 1234 {
		t.Errorf("e-mail template = %+v, want the defaults", createdEmail)
	}
	changeEmail := sms.NewUpdateEmailMessageRequest()
	changeEmail.SetPinType(sms.PINTYPE_ALPHANUMERIC)
	changedEmail := call[*sms.EmailMessage](t, http.StatusOK)(client.UpdateTfaEmailMessageTemplate(client.auth, app, emailID).UpdateEmailMessageRequest(*changeEmail).Execute())
	if changedEmail.GetPinType() != sms.PINTYPE_ALPHANUMERIC || changedEmail.GetFrom() != "Example <company@example.com>" {
		t.Errorf("changed e-mail template = %+v, want the new type and the rest kept", changedEmail)
	}

	list := call[[]sms.TfaMessage](t, http.StatusOK)(client.GetTfaMessageTemplates(client.auth, app).Execute())
	if len(list) != 2 || list[0].GetMessageId() != textID || list[1].GetMessageId() != emailID {
		t.Errorf("list = %+v, want the two templates", list)
	}
	for _, id := range []string{textID, emailID} {
		read := call[*sms.TfaMessage](t, http.StatusOK)(client.GetTfaMessageTemplate(client.auth, app, id).Execute())
		if read.GetMessageId() != id || (id == emailID) == read.HasMessageText() || (id == textID) == read.HasEmailTemplateId() {
			t.Errorf("template = %+v, want only the members of its kind", read)
		}
	}
}

func TestGoSDKSendResendVerifyStatus(t *testing.T) {
	account := newAccount(t)
	client := newGoClient(account.apiURL, apiKey)
	app := client.newApplication(t)
	message := client.newTemplate(t, app)

	request := sms.NewStartAuthenticationRequest(app, message, number)
	request.SetPlaceholders(map[string]string{"name": "Jane"})
	request.SetTrackDelivery(true)
	sent := call[*sms.StartAuthenticationResponse](t, http.StatusOK)(client.SendTfaPinCodeOverSms(client.auth).StartAuthenticationRequest(*request).Execute())
	if sent.GetPinId() == "" || sent.GetTo() != number || sent.GetSmsStatus() != "MESSAGE_SENT" ||
		sent.GetNcStatus() != "NC_DESTINATION_REACHABLE" || sent.GetExternalMessageId() == "" {
		t.Errorf("send = %+v", sent)
	}
	quick := call[*sms.StartAuthenticationResponse](t, http.StatusOK)(client.SendTfaPinCodeOverSms(client.auth).NcNeeded(false).StartAuthenticationRequest(*request).Execute())
	if quick.HasNcStatus() {
		t.Errorf("send without look-up = %+v, want no ncStatus", quick)
	}
	resent := call[*sms.StartAuthenticationResponse](t, http.StatusOK)(client.ResendTfaPinCodeOverSms(client.auth, sent.GetPinId()).ResendPinRequest(*sms.NewResendPinRequest()).Execute())
	if resent.GetPinId() != sent.GetPinId() {
		t.Errorf("resend = %+v, want the same pinId", resent)
	}
	delivered := account.lastPIN(t, number)
	if delivered.PINID != sent.GetPinId() || delivered.Text != "Jane, your code is "+delivered.PIN {
		t.Errorf("outbox row = %+v", delivered)
	}

	wrong := call[*sms.VerifyPinResponse](t, http.StatusOK)(client.VerifyTfaPhoneNumber(client.auth, sent.GetPinId()).VerifyPinRequest(*sms.NewVerifyPinRequest("x")).Execute())
	if wrong.GetVerified() || wrong.GetPinError() != "WRONG_PIN" || wrong.GetAttemptsRemaining() != 9 {
		t.Errorf("verify of a wrong PIN = %+v", wrong)
	}
	account.clock.Advance(3 * time.Second)
	right := call[*sms.VerifyPinResponse](t, http.StatusOK)(client.VerifyTfaPhoneNumber(client.auth, sent.GetPinId()).VerifyPinRequest(*sms.NewVerifyPinRequest(delivered.PIN)).Execute())
	if !right.GetVerified() || right.GetMsisdn() != number || right.HasPinError() {
		t.Errorf("verify of the right PIN = %+v", right)
	}

	status := call[*sms.VerificationResponse](t, http.StatusOK)(client.GetTfaVerificationStatus(client.auth, app).Msisdn(number).Verified(true).Sent(true).Execute())
	if rows := status.GetVerifications(); len(rows) != 1 || rows[0].GetMsisdn() != number || !rows[0].GetVerified() || rows[0].GetVerifiedAt() == 0 || rows[0].GetSentAt() == 0 {
		t.Errorf("status = %+v, want the one verified row", rows)
	}
	account.wantOnlySuccesses(t)
}

func TestGoSDKVoiceAndEmail(t *testing.T) {
	account := newAccount(t)
	client := newGoClient(account.apiURL, apiKey)
	app := client.newApplication(t)
	message := client.newTemplate(t, app)

	called := call[*sms.StartAuthenticationResponse](t, http.StatusOK)(client.SendTfaPinCodeOverVoice(client.auth).StartAuthenticationRequest(*sms.NewStartAuthenticationRequest(app, message, number)).Execute())
	if called.GetCallStatus() != "PENDING_ACCEPTED" || called.HasSmsStatus() {
		t.Errorf("voice send = %+v", called)
	}
	call[*sms.StartAuthenticationResponse](t, http.StatusOK)(client.ResendTfaPinCodeOverVoice(client.auth, called.GetPinId()).ResendPinRequest(*sms.NewResendPinRequest()).Execute())
	if rows := account.Outbox(number); len(rows) != 2 || rows[1].Channel != "voice" || rows[0].PIN != rows[1].PIN {
		t.Errorf("outbox = %+v, want the same PIN twice by voice", rows)
	}

	template := call[*sms.EmailMessage](t, http.StatusOK)(client.CreateTfaEmailMessageTemplate(client.auth, app).CreateEmailMessageRequest(*sms.NewCreateEmailMessageRequest(1234)).Execute())
	mailed := call[*sms.StartEmailAuthenticationResponse](t, http.StatusOK)(client.Send2faPinCodeOverEmail(client.auth).StartEmailAuthenticationRequest(*sms.NewStartEmailAuthenticationRequest(app, template.GetMessageId(), address)).Execute())
	if status := mailed.GetEmailStatus(); status.GetName() != "PENDING_ACCEPTED" || mailed.GetTo() != address {
		t.Errorf("e-mail send = %+v", mailed)
	}
	call[*sms.StartEmailAuthenticationResponse](t, http.StatusOK)(client.Resend2faPinCodeOverEmail(client.auth, mailed.GetPinId()).ResendPinRequestViaEmail(*sms.NewResendPinRequestViaEmail()).Execute())
	delivered := account.lastPIN(t, address)
	verified := call[*sms.VerifyPinResponse](t, http.StatusOK)(client.VerifyTfaPhoneNumber(client.auth, mailed.GetPinId()).VerifyPinRequest(*sms.NewVerifyPinRequest(delivered.PIN)).Execute())
	if !verified.GetVerified() || verified.GetMsisdn() != address {
		t.Errorf("verify of an e-mail PIN = %+v", verified)
	}
	account.wantOnlySuccesses(t)
}

// The SDK decodes our error envelope into its own model.
func TestGoSDKReadsRefusals(t *testing.T) {
	account := newAccount(t)
	client := newGoClient(account.apiURL, "another key")
	_, response, err := client.GetTfaApplications(client.auth).Execute()
	sdkError, ok := errors.AsType[*api.GenericOpenAPIError](err)
	if !ok {
		t.Fatalf("error = %v, want the SDK's own type", err)
	}
	model, decoded := sdkError.Model().(sms.ApiException)
	if !decoded {
		t.Fatalf("the SDK decoded the error as %T", sdkError.Model())
	}
	refused := model.GetRequestError()
	exception := refused.GetServiceException()
	if response.StatusCode != http.StatusUnauthorized || exception.GetMessageId() != "UNAUTHORIZED" {
		t.Errorf("refusal = %d %+v, want 401 UNAUTHORIZED", response.StatusCode, exception)
	}
}

func (c goClient) newApplication(t *testing.T) string {
	t.Helper()
	created := call[*sms.ApplicationResponse](t, http.StatusCreated)(c.CreateTfaApplication(c.auth).ApplicationRequest(*sms.NewApplicationRequest("sign-up")).Execute())
	return created.GetApplicationId()
}

func (c goClient) newTemplate(t *testing.T, app string) string {
	t.Helper()
	request := sms.NewCreateMessageRequest("{{name}}, your code is {{pin}}", sms.PINTYPE_NUMERIC)
	request.SetPinLength(6)
	created := call[*sms.TemplateMessage](t, http.StatusOK)(c.CreateTfaMessageTemplate(c.auth, app).CreateMessageRequest(*request).Execute())
	return created.GetMessageId()
}
