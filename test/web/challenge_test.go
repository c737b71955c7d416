package web_test

import (
	"testing"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

// asking remembers what the page asks of its gateway.
const asking = `
	const real = globalThis.fetch;
	globalThis.asked = [];
	globalThis.fetch = async (address, request) => {
		const answer = await real(address, request);
		if (request?.method === 'POST') globalThis.asked.push(JSON.parse(request.body));
		return answer;
	};`

// TestChallenge: the page asks for a solved one, says of one that did not pass that it did not, and goes on with the same
// request. The gateway's answers are written by the test.
func TestChallenge(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	v := desktop
	v.script = asking
	p := openConsole(t, g, v)
	required := answer{status: 403, body: members{"error": "Please complete the challenge.", "code": "challenge_required"}}
	sent := answer{status: 200, body: members{"message": "OTP sent successfully.", "verificationId": "x", "expiresIn": 600, "resendIn": 0}}
	p.answers("/send-otp", required, required, required, sent)
	p.asks()
	p.screen("screen-challenge")
	p.focused("challenge-title")
	p.shotOfFlow("challenge")
	p.click("#challenge-back")
	p.screen("screen-number")
	p.click("#screen-number .primary")
	p.screen("screen-challenge")
	if p.text("#screen-challenge .error") != "" {
		t.Error("before a token was tried, it is called wrong")
	}
	p.types("#challenge", "guess")
	p.click("#screen-challenge .primary")
	p.until("the token is marked", `document.querySelector('#challenge').getAttribute('aria-invalid') === 'true'`)
	p.sees("This was not a solved challenge.")
	p.focused("challenge")
	p.shotOfFlow("challenge-not-solved")
	p.types("#challenge", " pass ")
	p.click("#screen-challenge .primary")
	p.screen("screen-code")
	const plain = `{"phoneNumber":"+14155552671","channel":"sms","locale":"en"`
	want := "[" + plain + "}," + plain + "}," + plain + `,"challengeToken":"guess"},` + plain + `,"challengeToken":"pass"}]`
	if got := js[string](p, `JSON.stringify(globalThis.asked)`); got != want {
		t.Errorf("the gateway was asked %s, want %s", got, want)
	}

	// A code is alive now, so that is the way back.
	p.noMoreAnswers()
	p.answers("/resend-otp", required, sent)
	p.click("#resend")
	p.screen("screen-challenge")
	if got := p.text("#challenge-back"); got != "Back to the code" {
		t.Errorf("the way back is %q", got)
	}
	p.click("#challenge-back")
	p.screen("screen-code")
	p.noMoreAnswers()
}
