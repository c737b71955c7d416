package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

const title = `simulator: a local Infobip 2FA. It needs no account and sends nothing to anybody.

Settings are environment variables; an empty one is an unset one.
`

const help = `One application and one SMS template are made at the start, looser than what PIN_LENGTH and so on
say, so that the limits of a gateway with these settings decide.

Control listener:
  GET    /                        a page for a browser: a phone, its messages, faults, the request log
  GET    /outbox?to=14155552671   what was delivered, newest last: id, to, channel, sender, text, pin, pinId,
                                  messageId, language, at
  DELETE /outbox?to=..&id=..      forgets messages: those to a destination, one, or all
  GET    /outbox/wait?to=..       the next message as soon as it is there, or 204: after=<at of the last
                                  seen> (without it the newest there is), timeout (10s)
  GET    /events                  all of this live, as server-sent events: message, exchange, change
  GET    /exchanges               the last calls with their headers and bodies, without credentials
  GET    /requests?operation=send what the API saw: operation, method, path, status, at
                                  (status 0: under way, or cut without an answer)
  POST   /faults                  one misbehaviour; all members are optional
    which calls   operation (send, resend, verify, status, applications, messages, *), channel, to,
                  times (1; 0 = until cleared), every (only each n-th)
    on the way    delay (after the effect, in real time), drop (before, after, during)
    the answer    status (from 300 up: no effect, unless "effect": true), body (up to 4 MiB), contentType,
                  retryAfter, headers, envelope (legacy, new), messageId, text
    its members   smsStatus, ncStatus, emailStatus, pinId ("new" draws one), pinError, fields {..}, omit [..]
  GET, DELETE /faults             list, clear
  POST   /emails                  {"emailTemplateId":1234,"text":"Your code is {{pin}}."}: the text of these e-mails,
                                  which one writes in Infobip's portal; without it they are the code alone
  GET, POST /clock                {"advance":"11m"} moves the clock forward
  POST   /reset                   forgets all but applications and templates

These behaviours are choices, because the vendor does not document them. Do not take them for facts
about the live service:
`

func printHelp(w io.Writer) {
	fmt.Fprint(w, title)
	for _, s := range settings.All() {
		if s.ReadBy(settings.Simulator) {
			fmt.Fprintf(w, "  %s (%s)\n      %s\n", s.Name, cmp.Or(s.Default, s.Unset), strings.ReplaceAll(s.Sentence, "`", ""))
		}
	}
	fmt.Fprint(w, help)
	for _, choice := range simulator.Choices {
		fmt.Fprintf(w, "  - %s\n", choice)
	}
	fmt.Fprint(w, "\nSwitches choose otherwise (in Go: simulator.Options):\n")
	for _, s := range simulator.Switches {
		fmt.Fprintf(w, "  %-18s  %s\n", s.Name, s.Sentence)
	}
}
