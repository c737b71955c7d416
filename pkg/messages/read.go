package messages

import (
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/seed-a131a524/infobip-otp/pkg/catalog"
	"github.com/seed-a131a524/infobip-otp/pkg/infobip"
	"github.com/seed-a131a524/infobip-otp/pkg/locale"
	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/phone"
	"github.com/seed-a131a524/infobip-otp/pkg/sms"
)

// Forms of values; messages.schema.json has the same.
var (
	// An originating address has eleven characters of seven bits, or digits (3GPP TS 23.040,
	// 9.1.2.5): those of the GSM alphabet that ASCII has, without the comma and the equals sign,
	// which part the senders of INFOBIP_SENDERS, and the double quote, which not every reader
	// of an .env file gives back. A number has no + at the provider.
	senderForm = regexp.MustCompile(`^([0-9]{1,15}|[!#-*\--<>-Z_a-z]([ !#-+\--<>-Z_a-z]{0,9}[!#-+\--<>-Z_a-z])?)$`)
	numberForm = regexp.MustCompile(`^[0-9]{1,15}$`)
	// A host as a browser compares it: in small letters, without a port.
	hostForm = regexp.MustCompile(`^(localhost|([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?)$`)
	// The first eleven characters of a hash in base64, as Google's SMS Retriever has them.
	hashForm = regexp.MustCompile(`^[A-Za-z0-9+/]{11}$`)
	// One word of BCP 47 and its platforms; whether it is a locale, pkg/locale knows.
	localeForm = regexp.MustCompile(`^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$`)
	repeatForm = regexp.MustCompile(`^[0-9*#]{1,8}$`)
)

// MaxHost is the longest host of a last line, in a file without an app's hash. The lines of an
// ending are bounded, because the 140 bytes of a message are for its text too.
const MaxHost = catalog.MaxEnding - len("\n@ #")

// Bounds of values, those of DLT as the provider documents them.
const (
	maxDLTID       = 30
	maxTeleMarket  = 255
	maxName        = 255
	slowest        = 0.5
	fastest        = 2.0
	longestAddress = 320
)

// readFile reads the file's one mapping.
func (r *reader) readFile(root *yaml.Node) {
	top := r.members(root, "the file",
		"default", "sender", "senders", "webOTP", "androidAppHash", "indiaDLT", string(otp.SMS), string(otp.Voice), string(otp.Email))
	r.file.Sender = r.sender(top["sender"], "sender")
	r.readSenders(top["senders"])
	r.file.WebOTP = r.form(top["webOTP"], "webOTP", hostForm, "a host in small letters such as example.com (bücher.example as xn--bcher-kva.example), without https://, a port or a path")
	if top["webOTP"] == nil {
		r.file.WebOTP = r.options.WebOTP
	} else if host := r.file.WebOTP; r.options.Deployed && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
		r.refuse(top["webOTP"], "webOTP: %s is for an Infobip on this machine, and this is none: write the host of the page that asks for the code, or take the line out (make run sets localhost by itself)", quotable(host))
	}
	r.file.AndroidAppHash = r.form(top["androidAppHash"], "androidAppHash", hashForm, "the 11 characters that Google's SMS Retriever computes from your app's key")
	if lines := r.file.Ending().Lines(); len(lines) > catalog.MaxEnding && top["webOTP"] != nil {
		r.refuse(top["webOTP"], "webOTP is too long: the last lines of an SMS have %d characters, and no more than %d are taken", len(lines), catalog.MaxEnding)
		r.file.WebOTP = ""
	}
	r.file.IndiaDLT = r.readDLT(top["indiaDLT"])
	r.readDefault(root, top["default"])
	channels := 0
	for _, channel := range []otp.Channel{otp.SMS, otp.Voice, otp.Email} {
		if n := top[string(channel)]; n != nil {
			r.readChannel(channel, n)
			channels++
		}
	}
	r.checkList()
	if channels == 0 && root.Kind == yaml.MappingNode {
		r.refuse(root, "the file has no messages: sms, voice or email has to be there")
	}
}

// checkList refuses the message with which the list that the functions are told becomes too long.
func (r *reader) checkList() {
	const idLength = 32 // of Infobip's, as far as they were seen
	list := catalog.List{}
	for _, m := range r.file.Messages {
		entry := r.file.Entry(m)
		entry.ID = strings.Repeat("x", idLength)
		list = append(list, entry)
		if length := len(list.String()); length > catalog.MaxList {
			r.fault(m.Line, m.Column, "with this one the messages are too many: the list that the functions are told has %d characters then, and no more than %d are taken", length, catalog.MaxList)
			return
		}
	}
}

func (r *reader) readDefault(root, n *yaml.Node) {
	if n == nil {
		if root.Kind == yaml.MappingNode {
			r.refuse(root, "default is missing: the locale of who asks for none, or for one that nobody wrote")
		}
		return
	}
	if text, ok := r.text(n, "default"); ok {
		r.file.Default, _ = r.locale(n, text)
	}
}

// locale reads a locale, or refuses it.
func (r *reader) locale(n *yaml.Node, text string) (locale.Tag, bool) {
	tag, err := locale.Parse(text)
	if err != nil || !localeForm.MatchString(text) {
		r.refuse(n, "%s is not a locale such as de, pt-BR or zh-Hant", quotable(text))
		return locale.Tag{}, false
	}
	if length := len(tag.String()); length > catalog.MaxLocale {
		as := ""
		if tag.String() != text {
			as = "as " + quotable(tag.String()) + " "
		}
		r.refuse(n, "%s is too long: %sit has %d characters, and no more than %d are taken", quotable(text), as, length, catalog.MaxLocale)
		return locale.Tag{}, false
	}
	return tag, true
}

// form returns a text of a form, or empty.
func (r *reader) form(n *yaml.Node, what string, form *regexp.Regexp, wanted string) string {
	text, ok := r.text(n, what)
	if !ok {
		return ""
	}
	if !form.MatchString(text) {
		r.refuse(n, "%s has to be %s", what, wanted)
		return ""
	}
	return text
}

func (r *reader) sender(n *yaml.Node, what string) string {
	return r.form(n, what, senderForm, "up to 15 digits without a plus sign, or up to 11 letters, digits, spaces and any of ! # $ % & ' ( ) * + - . / : ; < > ? @ _")
}

func (r *reader) readSenders(n *yaml.Node) {
	if n == nil {
		return
	}
	for _, m := range r.pairs(n, "senders") {
		if !phone.IsRegion(m.name) {
			r.refuse(m.key, "%s is not a region of phone numbers such as US", quotable(m.name))
			continue
		}
		if sender := r.sender(m.value, "the sender of "+m.name); sender != "" {
			r.file.Senders = append(r.file.Senders, catalog.Sender{Region: m.name, From: sender})
		}
		if length := len(r.file.Senders.String()); length > catalog.MaxList {
			r.refuse(m.key, "with this one the senders are too many: their list has %d characters, and no more than %d are taken", length, catalog.MaxList)
			return
		}
	}
}

func (r *reader) readDLT(n *yaml.Node) *IndiaDLT {
	if n == nil {
		return nil
	}
	values := r.members(n, "indiaDLT", "principalEntityId", "contentTemplateId", "teleMarketerId")
	dlt := &IndiaDLT{
		PrincipalEntityID: r.short(values["principalEntityId"], "principalEntityId", maxDLTID),
		ContentTemplateID: r.short(values["contentTemplateId"], "contentTemplateId", maxDLTID),
		TeleMarketerID:    r.short(values["teleMarketerId"], "teleMarketerId", maxTeleMarket),
	}
	if values["principalEntityId"] == nil && n.Kind == yaml.MappingNode {
		r.refuse(n, "indiaDLT lacks principalEntityId, which the registry knows you by")
	}
	return dlt
}

// short returns a text in one line of a bounded length, or empty.
func (r *reader) short(n *yaml.Node, what string, most int) string {
	text, ok := r.text(n, what)
	if !ok {
		return ""
	}
	if text == "" || utf8.RuneCountInString(text) > most || strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(c rune) bool { return isControl(c) || c == '\n' }) {
		r.refuse(n, "%s has to be 1 to %d characters in one line, with no space at either end", what, most)
		return ""
	}
	return text
}

func (r *reader) readChannel(channel otp.Channel, n *yaml.Node) {
	lines := map[locale.Tag]int{}
	pairs := r.pairs(n, string(channel))
	for _, m := range pairs {
		tag, ok := r.locale(m.key, m.name)
		if !ok {
			continue
		}
		if line, twice := lines[tag]; twice {
			r.refuse(m.key, "%s is the locale %s, which stands in line %d already", m.name, tag, line)
			continue
		}
		lines[tag] = m.key.Line
		r.readMessage(channel, tag, m)
	}
	if fallback := r.file.Default; len(pairs) > 0 && fallback != (locale.Tag{}) && lines[fallback] == 0 {
		r.refuse(n, "%s has no message in the default locale %s", channel, fallback)
	}
}

// readMessage reads the text of a channel in a locale.
func (r *reader) readMessage(channel otp.Channel, tag locale.Tag, m pair) {
	message := Message{Channel: channel, Locale: tag, Line: m.key.Line, Column: m.key.Column}
	written := m.value
	var values map[string]*yaml.Node
	if m.value.Kind == yaml.MappingNode && !braced(m.value) {
		what := "a message of " + string(channel)
		if channel == otp.Email {
			values = r.members(m.value, what, "text", "templateId", "from", "landingPageId")
		} else {
			values = r.members(m.value, what, "text", "sender", "language", "voice", "rate", "repeat", "contentTemplateId")
		}
		written = values["text"]
		if written == nil && (channel != otp.Email || values["templateId"] == nil) {
			r.refuse(m.key, "%s by %s has no text", tag, channel)
			return
		}
	}
	text, ok := r.text(written, "a message")
	if !ok && (channel != otp.Email || written != nil) {
		return
	}
	message.Text = text
	faults := len(r.faults)
	if ok {
		for _, sentence := range textFaults(text) {
			r.refuse(written, "%s", sentence)
		}
	}
	if channel == otp.Email {
		r.readEmail(&message, values)
		r.checkEmail(&message, written)
	} else {
		r.readTemplate(&message, m.key, values)
	}
	if channel == otp.SMS && len(r.faults) == faults {
		r.checkSize(&message, written)
	}
	r.file.Messages = append(r.file.Messages, message)
}

// braced reports whether what should be a text was written {{pin}} without quotes, which is
// a mapping in braces whose one name is a mapping itself.
func braced(n *yaml.Node) bool {
	return len(n.Content) == 2 && n.Content[0].Kind == yaml.MappingNode
}

// readTemplate reads the members of a message by SMS or voice.
func (r *reader) readTemplate(m *Message, key *yaml.Node, values map[string]*yaml.Node) {
	t := &m.Template
	t.Text = m.Text
	t.Sender = r.sender(values["sender"], "sender")
	t.Voice = r.short(values["voice"], "voice", maxName)
	t.Rate = r.rate(values["rate"])
	t.Repeat = r.form(values["repeat"], "repeat", repeatForm, "what a person presses to hear the call again: up to 8 of 0 to 9, * and #, such as 1#")
	t.Language = r.language(m, key, values["language"])
	template := r.short(values["contentTemplateId"], "contentTemplateId", maxDLTID)
	if template != "" && r.file.IndiaDLT == nil {
		r.refuse(values["contentTemplateId"], "contentTemplateId needs the file's indiaDLT, with its principalEntityId")
		template = ""
	}
	if r.file.IndiaDLT != nil && (m.Channel == otp.SMS || template != "") {
		t.IndiaDLT = new(*r.file.IndiaDLT)
		if template != "" {
			t.IndiaDLT.ContentTemplateID = template
		}
	}
	if m.Channel == otp.SMS {
		t.Text = r.file.provisioned(m.Text)
		m.ending = r.file.Ending()
	}
	// A call comes from a number: a name is the sender of SMS alone.
	if m.Channel == otp.Voice && t.Sender != "" && !numberForm.MatchString(t.Sender) {
		r.refuse(values["sender"], "the sender of a call has to be a number, of up to 15 digits")
		t.Sender = ""
	}
	if t.Sender == "" && (m.Channel == otp.SMS || numberForm.MatchString(r.file.Sender)) {
		t.Sender = r.file.Sender
	}
}

// language returns the language of a message's voice, in the provider's spelling.
func (r *reader) language(m *Message, key, n *yaml.Node) string {
	if n != nil {
		text, ok := r.text(n, "language")
		if ok && !slices.Contains(infobip.Languages, text) {
			r.refuse(n, "Infobip does not speak %s: its languages are %s", quotable(text), strings.Join(infobip.Languages, " "))
			return ""
		}
		return text
	}
	language, spoken := languageOf(m.Locale)
	if !spoken && m.Channel == otp.Voice {
		r.refuse(key, "Infobip does not speak %s: take the message out, or name a language of its own (%s)", m.Locale, strings.Join(infobip.Languages, " "))
	}
	return language
}

// rate returns how fast a voice speaks, or 0.
func (r *reader) rate(n *yaml.Node) float64 {
	if n == nil || n.Kind == yaml.AliasNode {
		return 0
	}
	rate, err := strconv.ParseFloat(n.Value, 64)
	if n.Kind != yaml.ScalarNode || n.Tag != intTag && n.Tag != floatTag || err != nil || rate < slowest || rate > fastest {
		r.refuse(n, "rate has to be a number from %g to %g, without quotes", slowest, fastest)
		return 0
	}
	return rate
}

// readEmail reads the members of a message by e-mail.
func (r *reader) readEmail(m *Message, values map[string]*yaml.Node) {
	t := &m.Template
	if n := values["templateId"]; n != nil && n.Kind != yaml.AliasNode {
		id, err := strconv.ParseInt(n.Value, 10, 64)
		if n.Kind != yaml.ScalarNode || n.Tag != intTag || err != nil || id < 1 {
			r.refuse(n, "templateId has to be the number that Infobip's portal shows beside the e-mail template, without quotes")
		} else {
			t.EmailTemplateID = id
		}
	}
	t.From = r.short(values["from"], "from", longestAddress)
	if t.From != "" {
		if _, err := mail.ParseAddress(t.From); err != nil {
			r.refuse(values["from"], "from has to be an e-mail address, alone or as Name <address>")
			t.From = ""
		}
	}
	t.LandingPageID = r.short(values["landingPageId"], "landingPageId", maxName)
}

// checkEmail refuses another text than an earlier message's of the same e-mail template.
func (r *reader) checkEmail(m *Message, n *yaml.Node) {
	id := m.Template.EmailTemplateID
	for _, earlier := range r.file.Messages {
		if id != 0 && m.Text != "" && earlier.Template.EmailTemplateID == id && earlier.Text != "" && earlier.Text != m.Text {
			r.refuse(n, "the e-mail template %d has another text in line %d, and Infobip keeps one under a number", id, earlier.Line)
			return
		}
	}
}

// checkSize refuses an SMS of more messages than there can be, and one of several whose last lines a
// phone is to read: the code is read out of one.
func (r *reader) checkSize(m *Message, n *yaml.Node) {
	size := m.Size(r.options.samplePIN())
	if size.Segments > sms.MaxSegments {
		r.refuse(n, "the message travels in %d parts, and no phone puts more than %d together", size.Segments, sms.MaxSegments)
		return
	}
	if m.ending.IsZero() || size.Segments == 1 {
		return
	}
	because := ""
	if outside := sms.Outside(m.Delivered("")); len(outside) > 0 {
		because = " because of " + quotable(string(outside))
	}
	r.refuse(n, "with its last lines the message has %d characters and takes %d bytes (%s%s): a phone reads the code out of one message, which has %d",
		size.Characters, size.Bytes, size.Encoding, because, sms.MaxBytes)
}
