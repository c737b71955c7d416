package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

const phone = "+14155552671"

// memory is a table that knows the one condition that the handler uses. Like DynamoDB it
// deletes nothing in time.
type memory struct {
	mu    sync.Mutex
	items map[string]item
	// broken is the error of every call. lost is how many answers of puts are lost: the
	// SDK then repeats the put, and so does this.
	broken error
	lost   int
}

var errBroken = errors.New("broken for the test")

func (m *memory) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return nil, m.broken
	}
	if in.ConsistentRead == nil || !*in.ConsistentRead {
		return &dynamodb.GetItemOutput{}, nil // what was written a moment ago may not be there
	}
	return &dynamodb.GetItemOutput{Item: m.items[stringOf(in.Key["pk"])]}, nil
}

func (m *memory) PutItem(ctx context.Context, in *dynamodb.PutItemInput, options ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	m.mu.Lock()
	if m.broken != nil {
		m.mu.Unlock()
		return nil, m.broken
	}
	pk := stringOf(in.Item["pk"])
	old, there := m.items[pk]
	if there && in.ConditionExpression != nil {
		m.mu.Unlock()
		failed := &types.ConditionalCheckFailedException{}
		if in.ReturnValuesOnConditionCheckFailure == types.ReturnValuesOnConditionCheckFailureAllOld {
			failed.Item = old
		}
		return nil, failed
	}
	m.items[pk] = in.Item
	again := m.lost > 0
	if again {
		m.lost--
	}
	m.mu.Unlock()
	if again {
		return m.PutItem(ctx, in, options...)
	}
	return &dynamodb.PutItemOutput{}, nil
}

// rig is a handler over a table in memory, at a time that a test moves.
type rig struct {
	*handler
	t     *testing.T
	table *memory
	at    time.Time
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, table: &memory{items: map[string]item{}}, at: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	r.handler = &handler{table: r.table, name: "table", now: func() time.Time { return r.at }}
	return r
}

// begin begins a session and returns its cookie and its nonce.
func (r *rig) begin() (string, string) {
	r.t.Helper()
	answer, err := r.Handle(r.t.Context(), request{RouteKey: "POST /session", Body: `{"phoneNumber":"` + phone + `"}`})
	if err != nil || answer.StatusCode != http.StatusCreated || len(answer.Cookies) != 1 {
		r.t.Fatalf("a session got %d %s, %v", answer.StatusCode, answer.Body, err)
	}
	for _, attribute := range []string{"HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(answer.Cookies[0], attribute) {
			r.t.Errorf("the cookie %q lacks %s", answer.Cookies[0], attribute)
		}
	}
	var body struct{ Nonce string }
	if err := json.Unmarshal([]byte(answer.Body), &body); err != nil || len(body.Nonce) < 20 {
		r.t.Fatalf("the nonce is %q (%v)", body.Nonce, err)
	}
	sent, _, _ := strings.Cut(answer.Cookies[0], ";")
	return sent, body.Nonce
}

// ask asks for an account as API Gateway would, its authorizer having checked the token.
func (r *rig) ask(cookie string, claims map[string]string) response {
	r.t.Helper()
	asked := request{RouteKey: "POST /account", Cookies: []string{"theme=dark", cookie}}
	asked.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: claims},
	}
	answer, err := r.Handle(r.t.Context(), asked)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer
}

func claims(nonce string) map[string]string {
	return map[string]string{"phone_number": phone, "nonce": nonce, "jti": "BJGZI-GpWkZ7nIs2ZT3oaQ", "sub": "sub-of-the-number"}
}

func TestAccount(t *testing.T) {
	r := newRig(t)
	cookie, nonce := r.begin()
	answer := r.ask(cookie, claims(nonce))
	if answer.StatusCode != http.StatusCreated || strings.Contains(answer.Body, "sub-of-the-number") {
		t.Errorf("got %d %s, want an account that is not named by sub", answer.StatusCode, answer.Body)
	}
	kept := r.table.items["jti#BJGZI-GpWkZ7nIs2ZT3oaQ"]
	if got := timeOf(kept["expires"]).Sub(r.at); got != 16*time.Minute {
		t.Errorf("the jti is kept for %s, want PIN_TTL + PROOF_TTL and a minute", got)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(r *rig, cookie *string, claims map[string]string)
		status int
		says   string
	}{
		{"another phone number", func(_ *rig, _ *string, c map[string]string) { c["phone_number"] = "+436641234567" }, http.StatusForbidden, "The proof is about another phone number."},
		{"no phone number", func(_ *rig, _ *string, c map[string]string) { delete(c, "phone_number") }, http.StatusForbidden, "The proof is about another phone number."},
		{"another nonce", func(r *rig, _ *string, c map[string]string) { _, c["nonce"] = r.begin() }, http.StatusForbidden, "The proof is of another session."},
		{"no nonce", func(_ *rig, _ *string, c map[string]string) { delete(c, "nonce") }, http.StatusForbidden, "The proof is of another session."},
		{"no jti", func(_ *rig, _ *string, c map[string]string) { delete(c, "jti") }, http.StatusForbidden, "The proof was used before."},
		{"used", func(r *rig, cookie *string, c map[string]string) { r.ask(*cookie, c) }, http.StatusForbidden, "The proof was used before."},
		{"another session's cookie", func(r *rig, cookie *string, _ map[string]string) { *cookie, _ = r.begin() }, http.StatusForbidden, "The proof is of another session."},
		{"no cookie", func(_ *rig, cookie *string, _ map[string]string) { *cookie = "" }, http.StatusUnauthorized, "The session is over."},
		{"a cookie that nobody got", func(_ *rig, cookie *string, _ map[string]string) { *cookie = "session=guess" }, http.StatusUnauthorized, "The session is over."},
		{"a session that is over and still in the table", func(r *rig, _ *string, _ map[string]string) { r.at = r.at.Add(sessionLife) }, http.StatusUnauthorized, "The session is over."},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			cookie, nonce := r.begin()
			presented := claims(nonce)
			c.spoil(r, &cookie, presented)
			answer := r.ask(cookie, presented)
			if diff := cmp.Diff(`{"error":"`+c.says+`"}`, answer.Body); answer.StatusCode != c.status || diff != "" {
				t.Errorf("status %d, want %d; body (-want +got):\n%s", answer.StatusCode, c.status, diff)
			}
		})
	}
}

// TestRefusalUsesNoProof: who presents somebody's proof in another session must not spoil
// it for its own.
func TestRefusalUsesNoProof(t *testing.T) {
	r := newRig(t)
	cookie, nonce := r.begin()
	other, _ := r.begin()
	if answer := r.ask(other, claims(nonce)); answer.StatusCode != http.StatusForbidden {
		t.Fatalf("in another session it got %d", answer.StatusCode)
	}
	if answer := r.ask(cookie, claims(nonce)); answer.StatusCode != http.StatusCreated {
		t.Errorf("then in its own it got %d %s", answer.StatusCode, answer.Body)
	}
}

func TestOneOfManyAtOnceIsFirst(t *testing.T) {
	r := newRig(t)
	cookie, nonce := r.begin()
	var mu sync.Mutex
	created := 0
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() {
			if r.ask(cookie, claims(nonce)).StatusCode == http.StatusCreated {
				mu.Lock()
				defer mu.Unlock()
				created++
			}
		})
	}
	asking.Wait()
	if created != 1 {
		t.Errorf("%d accounts of one proof, want 1", created)
	}
}

// TestLostAnswer: the SDK repeats the put, which then fails its own condition.
func TestLostAnswer(t *testing.T) {
	r := newRig(t)
	cookie, nonce := r.begin()
	r.table.lost = 1
	if answer := r.ask(cookie, claims(nonce)); answer.StatusCode != http.StatusCreated {
		t.Errorf("got %d %s", answer.StatusCode, answer.Body)
	}
}

func TestTableThatFails(t *testing.T) {
	r := newRig(t)
	cookie, nonce := r.begin()
	r.table.broken = errBroken
	if answer := r.ask(cookie, claims(nonce)); answer.StatusCode != http.StatusInternalServerError || strings.Contains(answer.Body, "broken") {
		t.Errorf("got %d %s", answer.StatusCode, answer.Body)
	}
}

// TestRouteWithoutAuthorizer: a route that lost its authorizer lets nobody in.
func TestRouteWithoutAuthorizer(t *testing.T) {
	r := newRig(t)
	cookie, _ := r.begin()
	answer, err := r.Handle(t.Context(), request{RouteKey: "POST /account", Cookies: []string{cookie}, Headers: map[string]string{"authorization": "Bearer x"}})
	if err != nil || answer.StatusCode != http.StatusInternalServerError {
		t.Errorf("got %d, %v", answer.StatusCode, err)
	}
}

func TestOtherRequests(t *testing.T) {
	r := newRig(t)
	for route, body := range map[string]string{"POST /session": `{}`, "$default": ``} {
		answer, err := r.Handle(t.Context(), request{RouteKey: route, Body: body})
		if err != nil || answer.StatusCode/100 != 4 {
			t.Errorf("%s %s got %d, %v", route, body, answer.StatusCode, err)
		}
	}
}
