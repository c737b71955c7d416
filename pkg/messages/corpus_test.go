package messages

import (
	"fmt"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/phone"
)

// specimen is a file, what the reader says of it, and whether messages.schema.json, which
// an editor has, refuses it too.
type specimen struct {
	name   string
	text   string
	faults []string // as Fault.String writes them; none of a good file
	schema bool     // whether the schema refuses it
}

// bySchema and beyond say whether the schema refuses a file: beyond are the rules that it
// cannot express, and what is no YAML, which never gets to a schema.
const (
	bySchema = true
	beyond   = false
)

const good = "default: en\nsms:\n  en: '{{pin}} is your code.'\n"

// specimens are good files, and files with one fault each at least.
var specimens = []specimen{
	{name: "smallest", text: good},
	{name: "everything", text: everything},
	{name: "only voice", text: "default: pt\nvoice:\n  pt: 'Código {{pin}}'\n"},
	{name: "only e-mail", text: "default: de\nemail:\n  de: 'Code {{pin}}'\n"},
	{name: "Windows", text: "\ufeffdefault: en\r\nsms:\r\n  en: '{{pin}} is your code.'\r\n"},
	{name: "spellings of platforms", text: "default: zh_tw\nsms:\n  zh_TW: '{{pin}}'\n  pt-br: '{{pin}}'\n  no: '{{pin}}'\n"},
	{name: "single braces", text: "default: en\nsms:\n  en: '{a} {{pin}} }{'\n"},
	{name: "long without last lines", text: "default: en\nsms:\n  en: '{{pin}} " + hundred + hundred + "'\n"},
	{name: "a voice's language of its own", text: "default: gsw\nvoice:\n  gsw: {text: '{{pin}}', language: de}\n"},
	{name: "a full message", text: "default: en\nwebOTP: example.com\nsms:\n  en: '{{pin}} 567 " + hundred + " 345678901234567890123456789'\n"},

	// What is no YAML, or not of this file's kind.
	{"empty", "", []string{"1:1: the file is empty"}, bySchema},
	{"comments alone", "# nothing\n", []string{"1:1: the file is empty"}, bySchema},
	{"tab", "default: en\nsms:\n\ten: '{{pin}}'\n \tde: '{{pin}}'\n", []string{
		"3:1: a tab stands before the line: YAML indents with spaces",
		"4:2: a tab stands before the line: YAML indents with spaces",
	}, beyond},
	{"no UTF-8", "default: en\nsms:\n  en: '\xe9 {{pin}} \xe9'\n", []string{"3:8: this is no UTF-8: save the file as UTF-8"}, beyond},
	{"control character", "default: en\nsms:\n  en: 'ü\x07{{pin}}'\n", []string{"3:9: the control character U+0007 has no place here"}, beyond},
	{"no quotes", "default: en\nsms:\n  en: {{pin}} is your code.\n", []string{
		"3:15: this is no YAML: did not find expected key while parsing a block mapping; a text with {{pin}} in it stands in quotes from end to end",
	}, beyond},
	{"no quotes, and nothing behind", "default: en\nsms:\n  en: {{pin}}\n", []string{
		"3:7: a message has to be a text: one that begins with a brace has to stand in quotes",
	}, beyond},
	{"a colon without quotes", "default: en\nsms:\n  en: Your code: {{pin}}\n", []string{
		"3:16: this is no YAML: mapping values are not allowed in this context; a text with {{pin}} in it stands in quotes from end to end",
	}, beyond},
	{"an end without a line break", "default:\nó", []string{"2:2: this is no YAML: could not find expected ':' while scanning a simple key that begins at 2:1"}, beyond},
	{"a document that ends at once", "---", []string{"1:4: the file has nothing in it: fill it, or take the line out"}, bySchema},
	{"two documents", good + "---\n" + good, []string{"4:1: a second document begins here; the file has one"}, beyond},
	{"a second document that is none", good + "--- {\n", []string{"5:1: this is no YAML: did not find expected node content while parsing a flow node"}, beyond},
	{"deep", "default: en\nsms: " + "[[[[[[[[[[[[[[[[[[[[" + "\n", []string{"2:22: this is no YAML: exceeded max depth of 16 while increasing flow level"}, beyond},
	{"anchors", "default: en\nsms:\n  en: &a '{{pin}}'\n  de: *a\nvoice:\n  &b en: '{{pin}}'\n  *b : '{{pin}}'\n", []string{
		"3:7: &a is an anchor: write each text out, there are none here",
		"4:7: *a refers to another place: write the text out, there are no aliases here",
		"6:3: &b is an anchor: write each text out, there are none here",
		"7:3: *b refers to another place: write the text out, there are no aliases here",
	}, beyond},
	{"bomb", "default: en\nsms:\n  en: &a ['{{pin}}', '{{pin}}']\n  de: &b [*a, *a]\nemail: *b\n", []string{
		"3:7: &a is an anchor: write each text out, there are none here",
		"3:7: a message has to be a text",
		"4:7: &b is an anchor: write each text out, there are none here",
		"4:7: a message has to be a text",
		"4:11: *a refers to another place: write the text out, there are no aliases here",
		"4:15: *a refers to another place: write the text out, there are no aliases here",
		"5:8: *b refers to another place: write the text out, there are no aliases here",
	}, bySchema},
	{"merge", "default: en\nsms:\n  <<: {en: '{{pin}}'}\n", []string{
		"3:3: << merges mappings: write each member out",
	}, beyond},
	{"tag", "default: en\nsms:\n  en: !!binary aGk=\n", []string{"3:7: !!binary is a tag: there are none here", "3:7: a message has to be a text: put it in quotes"}, bySchema},
	{"tag of a text", "default: !!str en\nsms:\n  en: '{{pin}}'\n", []string{"1:10: !!str is a tag: there are none here"}, beyond},
	{"a list", "- default: en\n", []string{"1:1: the file has to be a mapping, in lines of NAME: VALUE"}, bySchema},
	{"a word", "messages\n", []string{"1:1: the file has to be a mapping, in lines of NAME: VALUE"}, bySchema},
	{"nothing", "~\n", []string{"1:1: the file has nothing in it: fill it, or take the line out"}, bySchema},
	{"names that are no names", "default: en\n[a]: b\n1: c\n~: d\nsms: {en: '{{pin}}'}\n", []string{
		"2:1: this is no name of a member of the file",
		"3:1: this is no name of a member of the file",
		"4:1: this is no name of a member of the file",
	}, beyond},

	// Members.
	{"unknown member", good + "colour: red\n", []string{
		"4:1: unknown member colour: the file has default, sender, senders, webOTP, androidAppHash, indiaDLT, sms, voice, email",
	}, bySchema},
	{"unknown member of a message", "default: en\nsms:\n  en: {text: '{{pin}}', templateId: 1}\nemail:\n  en: {text: '{{pin}}', rate: 1}\n", []string{
		"3:25: unknown member templateId: a message of sms has text, sender, language, voice, rate, repeat, contentTemplateId",
		"5:25: unknown member rate: a message of email has text, templateId, from, landingPageId",
	}, bySchema},
	{"a member twice", good + "default: de\nsms: {}\n", []string{
		"4:1: default stands in line 1 already",
		"5:1: sms stands in line 2 already",
	}, beyond},
	{"a locale twice", "default: en\nsms:\n  en: '{{pin}}'\n  en: '{{pin}}'\n", []string{"4:3: en stands in line 3 already"}, beyond},
	{"a locale in two spellings", "default: pt-BR\nsms:\n  pt-BR: '{{pin}}'\n  pt_br: '{{pin}}'\n  nb: '{{pin}}'\n  no: '{{pin}}'\n", []string{
		"4:3: pt_br is the locale pt-BR, which stands in line 3 already",
		"6:3: no is the locale no, which stands in line 5 already",
	}, beyond},
	{"no default", "sms:\n  en: '{{pin}}'\n", []string{"1:1: default is missing: the locale of who asks for none, or for one that nobody wrote"}, bySchema},
	{"no messages", "default: en\n", []string{"1:1: the file has no messages: sms, voice or email has to be there"}, bySchema},
	{"empty values", "default:\nsender:\nsenders:\nwebOTP:\nandroidAppHash:\nindiaDLT:\nsms:\nvoice: {}\nemail:\n  de:\n", []string{
		"1:9: default has no value: give it one, or take the line out",
		"2:8: sender has no value: give it one, or take the line out",
		"3:9: senders has nothing in it: fill it, or take the line out",
		"4:8: webOTP has no value: give it one, or take the line out",
		"5:16: androidAppHash has no value: give it one, or take the line out",
		"6:10: indiaDLT has nothing in it: fill it, or take the line out",
		"7:5: sms has nothing in it: fill it, or take the line out",
		"8:8: voice has nothing in it: fill it, or take the line out",
		"10:6: a message has no value: give it one, or take the line out",
	}, bySchema},
	{"the default is in no channel", "default: de\nsms:\n  en: '{{pin}}'\nvoice:\n  de: '{{pin}}'\nemail:\n  de-AT: '{{pin}}'\n", []string{
		"3:3: sms has no message in the default locale de",
		"7:3: email has no message in the default locale de",
	}, beyond},
	{"malformed locales", "default: e\nsms:\n  de.UTF-8: '{{pin}}'\n  de-: '{{pin}}'\n  '*': '{{pin}}'\n  de-abcdefghi: '{{pin}}'\n  'pt BR': '{{pin}}'\n", []string{
		"1:10: e is not a locale such as de, pt-BR or zh-Hant",
		"3:3: de.UTF-8 is not a locale such as de, pt-BR or zh-Hant",
		"4:3: de- is not a locale such as de, pt-BR or zh-Hant",
		"5:3: * is not a locale such as de, pt-BR or zh-Hant",
		"6:3: de-abcdefghi is not a locale such as de, pt-BR or zh-Hant",
		"7:3: pt BR is not a locale such as de, pt-BR or zh-Hant",
	}, bySchema},
	{"locales whose parts stand in no order", "default: en\nsms:\n  en: '{{pin}}'\n  de-AT-Latn: '{{pin}}'\n", []string{"4:3: de-AT-Latn is not a locale such as de, pt-BR or zh-Hant"}, beyond},
	{name: "the longest locale", text: "default: cat-valencia\nsms:\n  cat-valencia: '{{pin}}'\n"},
	{"long locales", "default: de-Latn-DE-1996\nsms:\n  de-Latn-DE-1996: '{{pin}}'\n  en_us_posix_x: '{{pin}}'\n", []string{
		"1:10: de-Latn-DE-1996 is too long: it has 15 characters, and no more than 12 are taken",
		"3:3: de-Latn-DE-1996 is too long: it has 15 characters, and no more than 12 are taken",
		"4:3: en_us_posix_x is not a locale such as de, pt-BR or zh-Hant",
	}, bySchema},
	{"a locale that is long with its script", "default: en\nsms:\n  en: '{{pin}}'\n  zh_TW_x_a: '{{pin}}'\n", []string{
		"4:3: zh_TW_x_a is too long: as zh-Hant-TW-x-a it has 14 characters, and no more than 12 are taken",
	}, beyond},
	{name: "Norwegian, which YAML 1.1 takes for false", text: "default: no\nsms:\n  no: '{{pin}}'\n  on: '{{pin}}'\n  nan: '{{pin}}'\n"},
	{name: "as many messages as there may be", text: manyMessages(52)},
	{"too many messages", manyMessages(53), []string{
		"55:3: with this one the messages are too many: the list that the functions are told has 2744 characters then, and no more than 2700 are taken",
	}, beyond},
	{name: "as many parts as an SMS has at most", text: "default: en\nsms:\n  en: '{{pin}}" + strings.Repeat("ж", 255*67-6) + "'\n"},
	{"an SMS of more parts than can be numbered", "default: en\nsms:\n  en: '{{pin}}" + strings.Repeat("ж", 255*67-5) + "'\n", []string{
		"3:7: the message travels in 256 parts, and no phone puts more than 255 together",
	}, beyond},
	{"quotes without an end", "default: en\nsms:\n  en: '{{pin}}\n", []string{
		"4:1: this is no YAML: found unexpected end of stream while scanning a quoted scalar that begins at 3:7",
	}, beyond},
	{"an escape that YAML has not", "default: en\nsms:\n  en: \"{{pin}} \\q\"\n", []string{
		"3:16: this is no YAML: found unknown escape character while scanning a quoted scalar",
	}, beyond},
	{"a text whose end is out of its quotes", "default: en\nsms:\n  en: '{{pin}}' is your code\n", []string{
		"3:17: this is no YAML: did not find expected key while parsing a block mapping; a text with {{pin}} in it stands in quotes from end to end",
	}, beyond},
	{name: "a host beyond ASCII, in ASCII", text: good + "webOTP: xn--bcher-kva.example\n"},
	{"too many messages with one that the simulator alone has", manyMessages(52) + "email:\n  en: '{{pin}}'\n", []string{
		"56:3: with this one the messages are too many: the list that the functions are told has 2733 characters then, and no more than 2700 are taken",
	}, beyond},
	{name: "one e-mail for two locales", text: "default: en\nemail:\n  en: {templateId: 7, text: '{{pin}}'}\n  en-GB: {templateId: 7, text: '{{pin}}'}\n  fr: {templateId: 7}\n"},
	{"an e-mail with two texts", "default: en\nemail:\n  en: {templateId: 7, text: '{{pin}}'}\n  fr: {templateId: 7, text: 'Le {{pin}}'}\n  de: {text: 'Der {{pin}}'}\n", []string{
		"4:29: the e-mail template 7 has another text in line 3, and Infobip keeps one under a number",
	}, beyond},
	{name: "as many senders as there may be", text: good + "senders: {" + manySenders(142) + "}\n"},
	{"too many senders", good + "senders: {" + manySenders(143) + "}\n", []string{
		"4:3277: with this one the senders are too many: their list has 2716 characters, and no more than 2700 are taken",
	}, beyond},
	{"texts that are none", "default: en\nsms:\n  en: 123456\n  de: [a]\n  es: true\n  fr: {}\n  it: {sender: A}\n", []string{
		"3:7: a message has to be a text: put it in quotes",
		"4:7: a message has to be a text",
		"5:7: a message has to be a text: put it in quotes",
		"6:3: fr by sms has no text",
		"6:7: a message of sms has nothing in it: fill it, or take the line out",
		"7:3: it by sms has no text",
	}, bySchema},

	// Texts.
	{"no PIN", "default: en\nsms: {en: 'Your code'}\nvoice: {en: 'Your code'}\nemail: {en: 'Your code'}\n", []string{
		"2:11: the text has no {{pin}}, where the code goes",
		"3:13: the text has no {{pin}}, where the code goes",
		"4:13: the text has no {{pin}}, where the code goes",
	}, bySchema},
	{"PIN twice", "default: en\nsms: {en: '{{pin}} {{pin}}'}\n", []string{"2:11: the text has {{pin}} 2 times, want once"}, bySchema},
	{"PIN with spaces", "default: en\nsms: {en: '{{ pin }}'}\nvoice: {en: '{{PIN}}'}\n", []string{
		"2:11: {{ pin }} is not filled: write {{pin}}, in small letters and without spaces",
		"3:13: {{PIN}} is not filled: write {{pin}}, in small letters and without spaces",
	}, bySchema},
	{"unknown placeholders", "default: en\nsms: {en: 'Hi {{name}}, {{pin}}{{ending}}'}\n", []string{
		"2:11: {{name}} is a placeholder that nobody fills: {{pin}} is the only one",
		"2:11: {{ending}} is a placeholder that nobody fills: {{pin}} is the only one",
	}, bySchema},
	{"a placeholder that a terminal would obey", "default: en\nvoice: {en: \"{{a\\e[31m\\nb}} {{pin}}\"}\n", []string{
		"2:13: the text has the control character U+001B, which no phone shows",
		"2:13: {{a·[31m·b}} is a placeholder that nobody fills: {{pin}} is the only one",
	}, bySchema},
	{"a long placeholder", "default: en\nvoice: {en: '{{" + fifty + "}} {{pin}}'}\n", []string{
		"2:13: {{abcdefghijabcdefghijabcdefghijabcdefghij…}} is a placeholder that nobody fills: {{pin}} is the only one",
	}, bySchema},
	{"braces", "default: en\nsms:\n  en: '{{pin}} {{'\n  de: '}} {{pin}}'\n  es: '{{{pin}}}'\n  fr: '{{pin}}}'\n", []string{
		"3:7: {{ has no }} behind it",
		"4:7: }} has no {{ before it",
		"5:7: {{{pin}} is a placeholder that nobody fills: {{pin}} is the only one",
		"5:7: the text has no {{pin}}, where the code goes",
		"6:7: a brace stands right behind {{pin}}",
	}, bySchema},
	{"an empty text", "default: en\nsms: {en: ''}\n", []string{"2:11: the text is empty"}, bySchema},
	{"a line break at the end", "default: en\nsms:\n  en: |\n    {{pin}}\n", []string{
		"3:7: the text begins or ends with a space or a line break (a block that begins with |- has none at its end)",
	}, bySchema},
	{"control characters in texts", "default: en\nsms:\n  en: \"{{pin}}\\x07\\x08\"\n  de: \"{{pin}}\\ta\"\n  fr: \"{{pin}}\\u2028a\"\n", []string{
		"3:7: the text has the control character U+0007, which no phone shows",
		"4:7: the text has the control character U+0009, which no phone shows",
		"5:7: the text has the control character U+2028, which no phone shows",
	}, bySchema},
	{"an emoji with a last line", "default: en\nwebOTP: example.com\nsms:\n  en: '{{pin}} is your code. Do not give it to anyone who calls. 🔑'\n", []string{
		"4:7: with its last lines the message has 80 characters and takes 172 bytes (UCS-2 because of 🔑): a phone reads the code out of one message, which has 140",
	}, beyond},
	{"one character too many", "default: en\nandroidAppHash: FA+9qCX9VSu\nsms:\n  en: '{{pin}} " + hundred + " 23456789012345678901234567890123456789012'\n", []string{
		"4:7: with its last lines the message has 161 characters and takes 154 bytes (GSM-7): a phone reads the code out of one message, which has 140",
	}, beyond},

	// Values.
	{"senders", "default: en\nsender: 18335550100\nsenders: {US: 1, USA: A, us: A, CA: 'a,b', GB: '', AT: ' a', DE: 'Zwölf', FR: 'Twelve-chars', XX: A, BE: '+4366412345'}\nsms: {en: {text: '{{pin}}', sender: [A]}}\n", []string{
		"2:9: sender has to be a text: put it in quotes",
		"3:15: the sender of US has to be a text: put it in quotes",
		"3:18: USA is not a region of phone numbers such as US",
		"3:26: us is not a region of phone numbers such as US",
		"3:37: the sender of CA has to be " + wantSender,
		"3:48: the sender of GB has to be " + wantSender,
		"3:56: the sender of AT has to be " + wantSender,
		"3:66: the sender of DE has to be " + wantSender,
		"3:79: the sender of FR has to be " + wantSender,
		"3:95: XX is not a region of phone numbers such as US",
		"3:106: the sender of BE has to be " + wantSender,
		"4:37: sender has to be a text",
	}, bySchema},
	{name: "each character of senders", text: good + "senders: {US: 'A!#$%& ()*+', CA: '-./:;<>?@_z', GB: \"Z'\"}\n"},
	{"characters that a sender cannot have", good + "senders: {US: 'a\"', CA: 'a\\', GB: 'a`', AT: 'a[b', DE: 'a~'}\n", []string{
		"4:15: the sender of US has to be " + wantSender,
		"4:25: the sender of CA has to be " + wantSender,
		"4:35: the sender of GB has to be " + wantSender,
		"4:45: the sender of AT has to be " + wantSender,
		"4:56: the sender of DE has to be " + wantSender,
	}, bySchema},
	{name: "a plus sign within a sender", text: good + "sender: A+\n"},
	{"a call from a name", "default: en\nsender: Example\nvoice:\n  en: {text: '{{pin}}', sender: Example}\n", []string{
		"4:33: the sender of a call has to be a number, of up to 15 digits",
	}, beyond},
	{"regions that nobody calls", good + "senders: {XX: A}\n", []string{"4:11: XX is not a region of phone numbers such as US"}, beyond},
	{"senders that are a list", good + "senders: [A]\n", []string{"4:10: senders has to be a mapping, in lines of NAME: VALUE"}, bySchema},
	{"a host with a scheme", good + "webOTP: https://example.com\n", []string{wantHost}, bySchema},
	{"a host with a port", good + "webOTP: example.com:443\n", []string{wantHost}, bySchema},
	{"a host with a path", good + "webOTP: example.com/a\n", []string{wantHost}, bySchema},
	{"a host in capitals", good + "webOTP: Example.com\n", []string{wantHost}, bySchema},
	{"a host with a dot at its end", good + "webOTP: example.com.\n", []string{wantHost}, bySchema},
	{"a host of one label", good + "webOTP: intranet\n", []string{wantHost}, bySchema},
	{"a host with letters beyond ASCII", good + "webOTP: bücher.example\n", []string{wantHost}, bySchema},
	{"an address", good + "webOTP: 127.0.0.1\n", []string{wantHost}, bySchema},
	{"two hosts", good + "webOTP: [a.example]\n", []string{"4:9: webOTP has to be a text"}, bySchema},
	{"a long host", good + "webOTP: " + hundred + ".com\n", []string{wantHost}, bySchema},
	{name: "the longest host", text: good + "webOTP: " + fifty + "." + fifty[:41] + ".com\n"},
	{"a host that leaves no room", good + "webOTP: " + fifty + "." + fifty[:42] + ".com\n", []string{
		"4:9: webOTP is too long: the last lines of an SMS have 101 characters, and no more than 100 are taken",
	}, bySchema},
	{"a host that leaves no room for a hash", good + "webOTP: " + fifty + "." + fifty[:30] + ".com\nandroidAppHash: FA+9qCX9VSu\n", []string{
		"4:9: webOTP is too long: the last lines of an SMS have 101 characters, and no more than 100 are taken",
	}, beyond},
	{"hash of ten", good + "androidAppHash: FA+9qCX9VS\n", []string{"4:17: androidAppHash has to be the 11 characters that Google's SMS Retriever computes from your app's key"}, bySchema},
	{"hash of twelve", good + "androidAppHash: FA+9qCX9VSuu\n", []string{"4:17: androidAppHash has to be the 11 characters that Google's SMS Retriever computes from your app's key"}, bySchema},
	{"hash with other characters", good + "androidAppHash: FA-9qCX9VSu\n", []string{"4:17: androidAppHash has to be the 11 characters that Google's SMS Retriever computes from your app's key"}, bySchema},
	{"hash of digits", good + "androidAppHash: 12345678901\n", []string{"4:17: androidAppHash has to be a text: put it in quotes"}, bySchema},
	{"DLT without its principal", good + "indiaDLT: {contentTemplateId: '1'}\n", []string{"4:11: indiaDLT lacks principalEntityId, which the registry knows you by"}, bySchema},
	{"DLT as numbers", good + "indiaDLT: {principalEntityId: 1101, teleMarketerId: '', telemarketerId: '1'}\n", []string{
		"4:31: principalEntityId has to be a text: put it in quotes",
		"4:53: teleMarketerId has to be 1 to 255 characters in one line, with no space at either end",
		"4:57: unknown member telemarketerId: indiaDLT has principalEntityId, contentTemplateId, teleMarketerId",
	}, bySchema},
	{"a long DLT id", good + "indiaDLT: {principalEntityId: '1234567890123456789012345678901'}\n", []string{"4:31: principalEntityId has to be 1 to 30 characters in one line, with no space at either end"}, bySchema},
	{"a content template without DLT", "default: en\nsms: {en: {text: '{{pin}}', contentTemplateId: '1'}}\n", []string{
		"2:48: contentTemplateId needs the file's indiaDLT, with its principalEntityId",
	}, beyond},
	{"languages", "default: en\nvoice:\n  en: {text: '{{pin}}', language: pt-br}\n  ar: '{{pin}}'\n", []string{
		"3:35: Infobip does not speak pt-br: its languages are en es ca da nl fr de it ja ko no pl ru sv fi hr sl ro pt_pt pt_br zh_cn zh_tw",
		"4:3: Infobip does not speak ar: take the message out, or name a language of its own (en es ca da nl fr de it ja ko no pl ru sv fi hr sl ro pt_pt pt_br zh_cn zh_tw)",
	}, bySchema},
	{"a voice that Infobip has no language for", "default: ar\nvoice:\n  ar: '{{pin}}'\n", []string{
		"3:3: Infobip does not speak ar: take the message out, or name a language of its own (en es ca da nl fr de it ja ko no pl ru sv fi hr sl ro pt_pt pt_br zh_cn zh_tw)",
	}, beyond},
	{"how a voice speaks", "default: en\nvoice:\n  en: {text: '{{pin}}', voice: '', rate: 2.5, repeat: 1}\n  de: {text: '{{pin}}', voice: 7, rate: '1', repeat: 'one'}\n  fr: {text: '{{pin}}', rate: 0.4}\n", []string{
		"3:32: voice has to be 1 to 255 characters in one line, with no space at either end",
		"3:42: rate has to be a number from 0.5 to 2, without quotes",
		"3:55: repeat has to be a text: put it in quotes",
		"4:32: voice has to be a text: put it in quotes",
		"4:41: rate has to be a number from 0.5 to 2, without quotes",
		"4:54: repeat has to be what a person presses to hear the call again: up to 8 of 0 to 9, * and #, such as 1#",
		"5:31: rate has to be a number from 0.5 to 2, without quotes",
	}, bySchema},
	{"values of several lines", "default: en\nvoice:\n  en: {text: '{{pin}}', voice: \"a\\nb\"}\n  de: {text: '{{pin}}', voice: \"a\\u0007b\"}\n", []string{
		"3:32: voice has to be 1 to 255 characters in one line, with no space at either end",
		"4:32: voice has to be 1 to 255 characters in one line, with no space at either end",
	}, bySchema},
	{"no number", "default: en\nvoice:\n  en: {text: '{{pin}}', rate: .nan}\n", []string{"3:31: rate has to be a number from 0.5 to 2, without quotes"}, beyond},
	{"numbers of other bases", "default: en\nvoice:\n  en: {text: '{{pin}}', rate: 0x1}\nemail:\n  en: {templateId: 0x10}\n", []string{
		"3:31: rate has to be a number from 0.5 to 2, without quotes",
		"5:20: templateId has to be the number that Infobip's portal shows beside the e-mail template, without quotes",
	}, beyond},
	{"a template that no int64 has", "default: en\nemail:\n  en: {templateId: 9223372036854775808}\n", []string{
		"3:20: templateId has to be the number that Infobip's portal shows beside the e-mail template, without quotes",
	}, bySchema},
	{"e-mail", "default: en\nemail:\n  en: {templateId: '1'}\n  de: {templateId: 0}\n  es: {templateId: 1.5}\n  fr: {templateId: 1, from: nobody, landingPageId: 5}\n  it: {from: a@example.com}\n", []string{
		"3:20: templateId has to be the number that Infobip's portal shows beside the e-mail template, without quotes",
		"4:20: templateId has to be the number that Infobip's portal shows beside the e-mail template, without quotes",
		"5:20: templateId has to be the number that Infobip's portal shows beside the e-mail template, without quotes",
		"6:29: from has to be an e-mail address, alone or as Name <address>",
		"6:52: landingPageId has to be a text: put it in quotes",
		"7:3: it by email has no text",
	}, bySchema},
	{"a sender of e-mail that is two", "default: en\nemail:\n  en: {templateId: 1, from: 'a@example.com, b@example.com'}\n", []string{"3:29: from has to be an e-mail address, alone or as Name <address>"}, beyond},
}

const (
	hundred    = fifty + fifty
	fifty      = "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"
	wantSender = "up to 15 digits without a plus sign, or up to 11 letters, digits, spaces and any of ! # $ % & ' ( ) * + - . / : ; < > ? @ _"
	wantHost   = "4:9: webOTP has to be a host in small letters such as example.com (bücher.example as xn--bcher-kva.example), without https://, a port or a path"
)

// manyMessages is a file of n messages by voice, with locales as long as they may be.
func manyMessages(n int) string {
	var text strings.Builder
	text.WriteString("default: en\nvoice:\n  en: '{{pin}}'\n")
	for i := range n - 1 {
		fmt.Fprintf(&text, "  en-x-a%06d: '{{pin}}'\n", i)
	}
	return text.String()
}

// manySenders are n members of a mapping of senders, each as long as it may be.
func manySenders(n int) string {
	var members []string
	for i := range 26 * 26 {
		region := string([]byte{'A' + byte(i/26), 'A' + byte(i%26)})
		if phone.IsRegion(region) && len(members) < n {
			members = append(members, region+": '183355501001234'")
		}
	}
	return strings.Join(members, ", ")
}

// everything has each member once at least.
const everything = `# yaml-language-server: $schema=messages.schema.json
default: en
sender: Example
senders: {US: "18335550100", CA: "18335550101", "001": Satellite}
webOTP: www.example.com
androidAppHash: FA+9qCX9VSu
indiaDLT: {principalEntityId: "1101", contentTemplateId: "1107", teleMarketerId: "1302"}
sms:
  en:
    text: |-
      {{pin}} is your code.
      Do not share it.
    sender: Other Name
    language: en
    voice: Joanna
    rate: 0.75
    repeat: 1#
    contentTemplateId: "1108"
  de-CH: "{{pin}} ist Ihr Code."
  ar: "رمز التحقق: {{pin}}"
voice:
  en: {text: "Your code is {{pin}}.", sender: "18335550102", rate: 1}
  zh-Hant: {text: "{{pin}}", contentTemplateId: "1109"}
email:
  en: {templateId: 12, from: "Example <codes@example.com>", landingPageId: abc, text: "Your code is {{pin}}."}
  de: {templateId: 13}
  fr: "Votre code est {{pin}}."
`
