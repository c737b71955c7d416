package web_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-a131a524/infobip-otp/test/harness"
)

const address = "jane@example.com"

// textsFile writes a file of messages.
func textsFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "texts.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// linted is a message as otpctl messages lint has it.
type linted struct {
	Channel, Locale, Text       string
	Characters, Segments, Bytes int
	Encoding                    string
}

// name is how the page marks it.
func (m linted) name() string { return m.Channel + "/" + m.Locale }

// lint is what the operator's command says of a file.
func lint(t *testing.T, name string) []linted {
	t.Helper()
	printed, err := harness.Run(t.Context(), time.Minute, harness.Command{
		Name: "otpctl", Path: harness.Program(t, "otpctl"), Args: []string{"messages", "lint", "--json", name}, Dir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	var report struct{ Messages []linted }
	if err := json.Unmarshal([]byte(printed), &report); err != nil {
		t.Fatalf("%v in %s", err, printed)
	}
	return report.Messages
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// way chooses how a code is to come, and to whom.
func (p *tab) way(channel string) {
	p.t.Helper()
	p.click(fmt.Sprintf(`input[name="channel"][value=%q]`, channel))
	if channel == "email" {
		p.types("#email", address)
	} else {
		p.types("#number", phone)
	}
}

// fact is what the newest message of a list says under a name.
func (p *tab) fact(list, name string) string {
	p.t.Helper()
	return js[string](p, fmt.Sprintf(`[...document.querySelectorAll('%s .message:first-child .facts div')].find((d) => d.querySelector('dt').innerText === %s)?.querySelector('dd').innerText ?? 'nothing'`, list, quoted(name)))
}

// TestEveryMessage: each text of the shipped file arrives where its channel does, is shown in its language's direction, and
// takes what the operator's linter says.
func TestEveryMessage(t *testing.T) {
	t.Parallel()
	name := textsFile(t, read(t, "messages.yaml")+"\nwebOTP: localhost\n")
	all := lint(t, name)
	written := map[string]bool{}
	for _, m := range all {
		written[m.Locale] = true
	}
	if len(written) < 8 {
		t.Fatalf("the file has %d languages", len(written))
	}
	g := harness.StartGateway(t, append([]string{"MESSAGES_FILE=" + name, "NETWORK_ALLOWANCE=off", "PREFIX_ALLOWANCE=off"}, loose...)...)
	p := openConsole(t, g, desktop)
	p.click("#texts summary")
	if got, want := p.text("#texts-fact"), fmt.Sprintf("%d in %d languages", len(all), len(written)); got != want {
		t.Errorf("the file is said to have %s, want %s", got, want)
	}
	lists := map[string]string{"sms": "#messages", "voice": "#messages", "email": "#mail"}
	arrived := map[string]int{}
	for _, m := range all {
		p.way(m.Channel)
		p.choose("#locale", m.Locale)
		if hint := p.text("#locale-hint"); hint != "" {
			t.Errorf("%s: the page says %q", m.name(), hint)
		}
		p.click("#screen-number .primary")
		p.screen("screen-code")
		list := lists[m.Channel]
		arrived[list]++
		p.until(m.name()+" has arrived", fmt.Sprintf(`document.querySelectorAll('%s .message').length === %d && !document.querySelector('#offer').hidden`, list, arrived[list]))

		bubble := fmt.Sprintf(`document.querySelector('%s .message:first-child .bubble')`, list)
		text := strings.ReplaceAll(m.Text, "123456", p.text("#offer-code"))
		if got := js[string](p, bubble+`.textContent`); got != text {
			t.Errorf("%s is shown as %q, want %q", m.name(), got, text)
		}
		direction := "ltr"
		if m.Locale == "ar" {
			direction = "rtl"
		}
		// By plaintext the last line of an Arabic message runs from left to right, as its host is written.
		if got := js[string](p, fmt.Sprintf(`[getComputedStyle(%[1]s).direction, getComputedStyle(%[1]s).unicodeBidi, %[1]s.lang].join(' ')`, bubble)); got != direction+" plaintext "+m.Locale {
			t.Errorf("%s is shown as %s", m.name(), got)
		}
		if got := p.fact(list, "Language"); !strings.HasSuffix(got, "("+m.Locale+")") {
			t.Errorf("%s: the language is said to be %s", m.name(), got)
		}
		wanted := []string{plural(m.Characters, "character")}
		switch m.Channel {
		case "sms":
			whole := map[string]int{"GSM-7": 160, "UCS-2": 70}[m.Encoding]
			wanted = append(wanted, m.Encoding, plural(m.Segments, "segment"), plural(m.Bytes, "byte"))
			for fact, want := range map[string]string{
				"SMS":      fmt.Sprintf("%s, %d of %d characters", plural(m.Segments, "segment"), m.Characters, whole),
				"Encoding": fmt.Sprintf("%s, %d bytes", m.Encoding, m.Bytes),
				"WebOTP":   "right, for pages of localhost",
			} {
				if got := p.fact(list, fact); !strings.HasPrefix(got, want) {
					t.Errorf("%s: %s is %q, want %q", m.name(), fact, got, want)
				}
			}
		case "voice":
			if got := p.fact(list, "Call"); !strings.HasPrefix(got, wanted[0]+", spoken") {
				t.Errorf("%s: the call is %q", m.name(), got)
			}
		case "email":
			if got := p.fact(list, "E-mail"); !strings.HasPrefix(got, wanted[0]+";") {
				t.Errorf("%s: the e-mail is %q", m.name(), got)
			}
		}
		item := fmt.Sprintf(`document.querySelector('[data-message=%q]')`, m.name())
		if got := js[string](p, item+`.querySelector('.num').textContent + ' ' + `+item+`.querySelector('.bubble').textContent`); got != strings.Join(wanted, ", ")+" "+m.Text {
			t.Errorf("the page lists %s as %q", m.name(), got)
		}
		if m.name() == "sms/ar" {
			p.shot("arabic")
		}
		p.click("#code-change")
		p.screen("screen-number")
	}
	p.shot("every-message")
}

// TestUnwrittenLanguage: what nobody wrote comes in another language, and the page says so before it is sent.
func TestUnwrittenLanguage(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	v := desktop
	v.script = `Object.defineProperty(Navigator.prototype, 'languages', { get: () => ['tlh', 'de-AT', 'fr'] });`
	p := openConsole(t, g, v)
	if got := p.value("#locale"); got != "de" {
		t.Errorf("for a person who reads German as in Austria it is %q", got)
	}
	if got := js[string](p, `document.querySelector('#locale').lastChild.text`); got != "Swedish (sv): nobody wrote it" {
		t.Errorf("the last choice is %q", got)
	}
	for _, c := range []struct{ channel, locale, hint, list, language string }{
		{"sms", "sv", "No text message is written in Swedish. It comes in English.", "#messages", "English (en)"},
		{"email", "sv", "No e-mail is written in Swedish. It comes in English.", "#mail", "English (en)"},
		{"voice", "ar", "No phone call is written in Arabic. It comes in English.", "#messages", "English (en)"},
	} {
		p.way(c.channel)
		p.choose("#locale", c.locale)
		if got := p.text("#locale-hint"); got != c.hint {
			t.Errorf("%s in %s: the page says %q, want %q", c.channel, c.locale, got, c.hint)
		}
		p.shotOfFlow("unwritten-" + c.channel)
		p.click("#screen-number .primary")
		p.screen("screen-code")
		p.until("the code is offered", `!document.querySelector('#offer').hidden`)
		if got := p.fact(c.list, "Language"); got != c.language {
			t.Errorf("%s in %s came in %s", c.channel, c.locale, got)
		}
		p.until("the command names it", fmt.Sprintf(`document.querySelector('#curl').innerText.includes(%s)`, quoted(fmt.Sprintf(`"locale":%q`, c.locale))))
		p.click("#code-change")
	}
}

// TestByEmail: the second way, to its proof: the e-mail is in the mailbox, and the phone stays empty.
func TestByEmail(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	if got := p.text("#mail-empty"); got != "No e-mail yet." {
		t.Errorf("the empty mailbox says %q", got)
	}
	p.click(`input[name="channel"][value="email"]`)
	if js[bool](p, `document.querySelector('#number').checkVisibility()`) || !js[bool](p, `document.querySelector('#email').checkVisibility()`) {
		t.Error("with e-mail chosen, the field is not that of an address")
	}
	p.types("#email", " jane@example ")
	p.click("#screen-number .primary")
	p.until("the address is marked", `!document.querySelector('#email-error').hidden && document.querySelector('#email').getAttribute('aria-invalid') === 'true'`)
	p.sees("This does not look like an e-mail address.")
	p.focused("email")
	p.shotOfFlow("email")
	p.choose("#locale", "ar")
	p.types("#email", "Jane@example.com")
	p.click("#screen-number .primary")
	p.screen("screen-code")
	p.sees("We sent it to Jane@example.com")
	p.until("the e-mail is there", `document.querySelectorAll('#mail .message').length === 1`)
	if phone := js[int](p, `document.querySelectorAll('#messages .message').length`); phone != 0 {
		t.Errorf("%d messages are on the phone", phone)
	}
	if js[bool](p, `document.querySelector('#other-way').checkVisibility()`) {
		t.Error("there is another way for an address")
	}
	p.until("the code is offered", `!document.querySelector('#offer').hidden && document.querySelector('#offer').innerText.includes('From Mail')`)
	command := p.text("#curl")
	if want := `{"email":"Jane@example.com","channel":"email","locale":"ar"}`; !strings.Contains(command, want) {
		t.Errorf("the command is %s, want %s in it", command, want)
	}
	if got := repeated(t, command); got.Status != 200 || len(g.Outbox(t, address)) != 1 {
		t.Errorf("the command is answered %d %s, and makes it %d e-mails", got.Status, got.Body, len(g.Outbox(t, address)))
	}
	p.shot("email-code")
	p.click("#mail .message .tool-fill")
	p.click("#screen-code .primary")
	p.screen("screen-done")
	for _, want := range []string{"Jane@example.com is theirs", "email\njane@example.com", "email_verified\ntrue", "Its signature is right"} {
		p.sees(want)
	}
	p.click("#done-again")
	p.answers("/send-otp", answer{status: 429, body: members{"code": "number_limited", "error": "Please wait before requesting another OTP.", "retryAfter": 60}})
	p.click("#screen-number .primary")
	p.sees("No more codes for this address")
	if got := p.text("#notice-back"); got != "Use another address" {
		t.Errorf("the way back is %q", got)
	}
	p.click("#notice-back")
	p.focused("email")
}

// TestNoCallInThisLanguage: a text message in Arabic cannot be read out. The page says so where it was asked for, and the
// code that came is good.
func TestNoCallInThisLanguage(t *testing.T) {
	t.Parallel()
	g := harness.StartGateway(t, loose...)
	p := openConsole(t, g, desktop)
	p.choose("#locale", "ar")
	p.asks()
	p.screen("screen-code")
	p.until("the code is offered", `!document.querySelector('#offer').hidden`)
	p.click("#other-way")
	p.until("the page says it", `document.querySelector('#again-error').checkVisibility()`)
	p.sees("We cannot read this message out in its language. The code that you have still counts.")
	p.until("the gateway has said it", `document.querySelector('#log').textContent.includes('channel_mismatch')`)
	p.screen("screen-code")
	p.shotOfFlow("no-call")
	if got := len(g.Outbox(t, digits)); got != 1 {
		t.Errorf("%d messages went out, want one", got)
	}
	p.click("#offer-fill")
	p.click("#screen-code .primary")
	p.screen("screen-done")
	p.click("#done-again")
	p.choose("#locale", "de")
	p.asks()
	p.screen("screen-code")
	if js[bool](p, `document.querySelector('#again-error').checkVisibility()`) {
		t.Error("it is still said of the next code")
	}
	p.click("#other-way")
	p.sees("We are calling")
}

// TestNoChoice: with one way and one language there is nothing to choose, no mailbox, and no locale in the request.
func TestNoChoice(t *testing.T) {
	t.Parallel()
	name := textsFile(t, "default: it\nsms:\n  it: \"{{pin}} è il tuo codice.\"\n")
	g := harness.StartGateway(t, append([]string{"MESSAGES_FILE=" + name}, loose...)...)
	p := openConsole(t, g, desktop)
	for _, selector := range []string{"#channels", "#locale", "#mailbox"} {
		if js[bool](p, `document.querySelector(`+quoted(selector)+`).checkVisibility()`) {
			t.Errorf("%s is shown", selector)
		}
	}
	p.asks()
	p.screen("screen-code")
	p.until("the message is there, with its language", `document.querySelector('#messages .bubble')?.lang === 'it'`)
	p.until("the command names none", `document.querySelector('#curl').innerText.includes('{"phoneNumber":"+14155552671","channel":"sms"}')`)
	if js[bool](p, `document.querySelector('#other-way').checkVisibility()`) {
		t.Error("there is another way")
	}
}

// TestTextsAreText: what a file says is never markup, neither where it arrives nor in the list.
func TestTextsAreText(t *testing.T) {
	t.Parallel()
	const hostile = `<img id="hostile" src="x" onerror="document.title='taken'"><b>{{pin}}</b></p>`
	name := textsFile(t, fmt.Sprintf("default: en\nsms:\n  en: %[1]q\nemail:\n  en: {text: %[1]q}\n  de: {text: %[1]q}\n", hostile))
	g := harness.StartGateway(t, append([]string{"MESSAGES_FILE=" + name}, loose...)...)
	p := openConsole(t, g, desktop)
	p.click("#texts summary")
	for _, channel := range []string{"sms", "email"} {
		p.way(channel)
		p.click("#screen-number .primary")
		p.screen("screen-code")
		p.until("the code is offered", `!document.querySelector('#offer').hidden`)
		if got, want := js[string](p, `document.querySelector('.message.`+channel+` .bubble').innerText`), strings.ReplaceAll(hostile, "{{pin}}", p.text("#offer-code")); !strings.HasPrefix(got, want) {
			t.Errorf("by %s it is shown as %q, want %q", channel, got, want)
		}
		p.click("#code-change")
	}
	if got := js[int](p, `document.querySelectorAll('#hostile, .bubble img, .bubble b, .texts-list img').length`); got != 0 || js[string](p, `document.title`) != "infobip-otp console" {
		t.Errorf("%d elements were made of texts, and the title is %s", got, js[string](p, `document.title`))
	}
	if got := p.text("#texts-list"); strings.Count(got, `<img id="hostile"`) != 3 {
		t.Errorf("the list shows %s", got)
	}
}
