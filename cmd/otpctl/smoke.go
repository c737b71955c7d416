package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-a131a524/infobip-otp/internal/contract"
)

// smoke is the command of that name.
type smoke struct {
	ui      *tui
	api     tryAPI
	origin  string
	closed  bool
	exhaust bool
	json    bool
	try     try // of the one message, where there is to be one

	// drift is how answers of the check that runs differ from openapi.yaml.
	drift []error
}

func newSmoke(ui *tui) *cobra.Command {
	s := &smoke{ui: ui, try: try{ui: ui}}
	command := &cobra.Command{
		Use:   "smoke URL",
		Short: "Hold a service to its contract, from where its clients are",
		Long: `smoke is the test that any deployed service has to pass: its routes and refusals, its
headers, what pages of other origins may do, its documents and keys, and its limits. Every
answer is held to the openapi.yaml of this version. It needs no credentials and sends
nothing: what it asks is refused for its form, or for a number that nobody was sent a code
for. Two requests count against the limit of this machine's address.

With --phone it goes on as try does: one message to a phone of yours, verified, its proof
checked. The code is asked for, or read from --outbox. --exhaust uses up this address's
own limit of verifies and looks at the refusal; nobody else's is touched.

--closed is for the address behind a front door: there every send and verify has to be
refused.

Each check is ok or fail; the exit code is 1 if any fails.`,
		Example: `  otpctl smoke https://otp.example.com --origin https://app.example.com
  otpctl smoke https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com --closed
  otpctl smoke http://localhost:3000 --phone +14155552671 --outbox http://127.0.0.1:3002 --exhaust`,
		Args:              oneAddress,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(command *cobra.Command, args []string) error { return s.run(command.Context(), args[0]) },
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&s.origin, "origin", "", "`origin` whose pages may call the service, one of CORS_ORIGINS; without it none may")
	flags.StringVar(&s.try.phone, "phone", "", "`number` of a phone of yours that one message is sent to")
	flags.StringVar(&s.try.outbox, "outbox", "", "`address` of the control listener of make run, to read the code there")
	flags.StringVar(&s.try.audience, "audience", "", "`word` that the proof has to be for, PROOF_AUDIENCE of the deployment")
	flags.BoolVar(&s.exhaust, "exhaust", false, "use up the limit of verifies of this machine's address")
	flags.BoolVar(&s.closed, "closed", false, "the address has to refuse all work, because clients go through a front door")
	flags.BoolVar(&s.json, "json", false, "write the findings as a JSON array")
	// What is refused can neither be sent to nor used up.
	command.MarkFlagsMutuallyExclusive("closed", "phone")
	command.MarkFlagsMutuallyExclusive("closed", "exhaust")
	return command
}

// smokeCheck holds the service to one promise. Its sentence is what was found where it is kept.
type smokeCheck struct {
	name string
	run  func(ctx context.Context, s *smoke) (string, error)
	// asks is set where a person may be asked: then the check itself says what takes long.
	asks bool
}

func (c smokeCheck) look(ctx context.Context, s *smoke) (string, error) {
	if !c.asks {
		defer s.ui.during("looking at " + c.name)()
	}
	return c.run(ctx, s)
}

var (
	smokeChecks = []smokeCheck{
		{name: "banner", run: smokeBanner},
		{name: "paths and methods", run: smokePaths},
		{name: "content type and size", run: smokeEnvelope},
		{name: "strict JSON", run: smokeJSON},
		{name: "wrong forms", run: smokeForms},
		{name: "limits", run: smokeLimits},
		{name: "pages of others", run: smokeForeignPages},
		{name: "pages of ours", run: smokeOwnPages},
		{name: "description", run: smokeDescription},
		{name: "keys", run: smokeKeys},
	}
	smokeClosed   = smokeCheck{name: "closed", run: smokeIsClosed}
	smokeMessage  = smokeCheck{name: "a real code", run: smokeTry, asks: true}
	smokeExhaust  = smokeCheck{name: "limit used up", run: smokeExhausted}
	smokeNoDetour = "look at its log (otpctl doctor names the groups), and at what stands before the API"
)

func (s *smoke) run(ctx context.Context, address string) error {
	var err error
	s.api, err = newTryAPI(address)
	if err != nil {
		return fails(err, "the address is the stack's output ApiUrl, or http://localhost:3000 for make run")
	}
	s.try.api = s.api
	checks := slices.Clone(smokeChecks)
	if s.try.phone != "" {
		checks = append(checks, smokeMessage)
	}
	if s.exhaust {
		checks = append(checks, smokeExhaust) // the last: afterwards nothing of ours is counted any more
	}
	if s.closed {
		checks = []smokeCheck{smokeClosed}
	}
	var all []finding
	for _, check := range checks {
		s.drift = nil
		found, err := check.look(ctx, s)
		if ctx.Err() != nil {
			return fails(ctx.Err())
		}
		result := finding{Check: check.name, Status: statusOK, Found: found}
		if err := errors.Join(append(s.drift, err)...); err != nil {
			result.Status, result.Found, result.Todo = statusFail, strings.ReplaceAll(err.Error(), "\n", "; "), smokeNoDetour
			if f, ok := errors.AsType[*failure](err); ok && len(f.hints) > 0 {
				result.Todo = strings.Join(f.hints, "; ")
			}
		}
		all = append(all, result)
		if _, unreachable := errors.AsType[*unreachableError](err); unreachable {
			break
		}
	}
	return reportFindings(s.ui, s.json, s.api.base, all)
}

// unreachableError ends a smoke test: nothing more can be asked.
type unreachableError struct{ cause error }

func (e *unreachableError) Error() string { return e.cause.Error() }
func (e *unreachableError) Unwrap() error { return e.cause }

// reply is an answer that was held to openapi.yaml.
type reply struct {
	status  int
	header  http.Header
	body    string
	refused apiRefusal // what it says, if it says so in JSON
}

// described are the headers that openapi.yaml knows. What else there is comes from what carries the
// answers: API Gateway, CloudFront, a proxy.
var described = []string{
	"Allow", "Cache-Control", "Content-Type", "Ratelimit-Limit", "Ratelimit-Policy", "Ratelimit-Remaining", "Ratelimit-Reset",
	"Retry-After", "X-Content-Type-Options",
}

// ask makes one request, and notes how its answer differs from openapi.yaml.
func (s *smoke) ask(ctx context.Context, method, path string, header map[string]string, body string) (reply, error) {
	r, err := s.raw(ctx, method, path, header, body)
	if err != nil {
		return reply{}, err
	}
	known := http.Header{}
	for _, name := range described {
		if values := r.header.Values(name); values != nil {
			known[name] = values
		}
	}
	err = contract.Check(method, path, r.status, contract.Headers(known), r.body)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n") // the rest would repeat the body
		s.drift = append(s.drift, fmt.Errorf("%s %s answers %d otherwise than openapi.yaml says: %s", method, path, r.status, printable(first)))
	}
	return r, nil
}

// raw makes one request whose answer may be that of API Gateway itself.
func (s *smoke) raw(ctx context.Context, method, path string, header map[string]string, body string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.api.base+path, strings.NewReader(body))
	if err != nil {
		return reply{}, fmt.Errorf("making the request: %w", err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	status, got, raw, err := s.api.do(request)
	if err != nil {
		return reply{}, &unreachableError{fails(err, wayThere)}
	}
	return reply{status: status, header: got, body: string(raw), refused: *readRefusal(status, got, raw)}, nil
}

// post asks a route as a page does.
func (s *smoke) post(ctx context.Context, path, body string) (reply, error) {
	return s.ask(ctx, http.MethodPost, path, map[string]string{"Content-Type": "application/json"}, body)
}

// expect reports an answer that is another one.
func (r reply) expect(asked string, status int, code string) error {
	if r.status == status && r.refused.Code == code {
		return nil
	}
	return fails(fmt.Errorf("%s answers %d %s, not %d %s", asked, r.status, r.refused.word(), status, code), r.hint()...)
}

// word returns how a refusal calls itself.
func (r *apiRefusal) word() string {
	switch {
	case r.Code != "":
		return r.Code
	case r.message != "":
		return "(" + r.message + ")"
	}
	return "without a code"
}

// hint returns what an operator can do about an answer that is not the expected one.
func (r reply) hint() []string {
	if hint := refusalHints[r.refused.Code]; hint != "" {
		return []string{hint}
	}
	if r.refused.Code == "" && r.status >= http.StatusBadRequest {
		return []string{gatewayHint(r.status)}
	}
	return nil
}
