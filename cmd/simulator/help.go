package main

import (
	"fmt"
	"io"

	"github.com/seed-a131a524/infobip-otp/pkg/infobip/simulator"
)

const help = `simulator: a local Infobip 2FA. It needs no account and sends nothing to anybody.

Settings are environment variables; an empty one is an unset one.
  INFOBIP_SIMULATOR_PORT    API port (3001; 0 takes a free one)
  INFOBIP_SIMULATOR_HOST    API host (127.0.0.1; a container needs a wider one)
  INFOBIP_SIMULATOR_KEY     the accepted key: Authorization: App <key> (simulator)
  INFOBIP_SIMULATOR_STRICT  true refuses a + in "to", a trailing slash, ncNeeded=undefined,
                            unknown members and other liberties of SDKs (false)
  INFOBIP_SIMULATOR_SWITCHES  names of the switches below, with commas (none)
  INFOBIP_CONTROL_PORT      control port (3002); it listens on 127.0.0.1 only, because it shows PINs
One application and one SMS template are made at the start. Their ids are
  INFOBIP_2FA_APP_ID, INFOBIP_2FA_MSG_ID   (drawn anew at each start if unset)
and they are looser than the gateway's own settings, so that the gateway's limits decide:
  PIN_LENGTH (6), PIN_ATTEMPTS (5), PIN_TTL (10m), VERIFY_SPACING (3s; 0s throttles nothing),
  NUMBER_SEND_LIMIT (3/1d)

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
    its members   smsStatus, ncStatus, pinId ("new" draws one), pinError, fields {..}, omit [..]
  GET, DELETE /faults             list, clear
  GET, POST /clock                {"advance":"11m"} moves the clock forward
  POST   /reset                   forgets all but applications and templates

These behaviours are choices, because the vendor does not document them. Do not take them for facts
about the live service:
`

func printHelp(w io.Writer) {
	fmt.Fprint(w, help)
	for _, choice := range simulator.Choices {
		fmt.Fprintf(w, "  - %s\n", choice)
	}
	fmt.Fprint(w, "\nSwitches choose otherwise (in Go: simulator.Options):\n")
	for _, s := range simulator.Switches {
		fmt.Fprintf(w, "  %-18s  %s\n", s.Name, s.Sentence)
	}
}
