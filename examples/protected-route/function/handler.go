package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	// sessionLife is the time a person has from the form to the proof: to get a code
	// and type it in, and a proof's life on top.
	sessionLife = 15 * time.Minute
	// keepJTI is PIN_TTL + PROOF_TTL of the service: a success can be asked for once
	// more while its code would have lived, with a fresh proof of the same jti. The
	// minute is for clocks that differ.
	keepJTI = 10*time.Minute + 5*time.Minute + time.Minute
)

// table is what handler needs of DynamoDB.
type table interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

type handler struct {
	table table
	name  string
	now   func() time.Time
}

type (
	request  = events.APIGatewayV2HTTPRequest
	response = events.APIGatewayV2HTTPResponse
)

// Handle serves both routes. Its error is always nil: one that leaves a Lambda handler
// bypasses the log.
func (h *handler) Handle(ctx context.Context, r request) (response, error) {
	answer, err := response{StatusCode: http.StatusNotFound}, error(nil)
	switch r.RouteKey {
	case "POST /session":
		answer, err = h.session(ctx, r)
	case "POST /account":
		answer, err = h.account(ctx, r)
	}
	if err != nil {
		slog.ErrorContext(ctx, "request", slog.String("route", r.RouteKey), slog.String("cause", err.Error()))
		return say(http.StatusInternalServerError, map[string]string{"error": "Internal error."}), nil
	}
	return answer, nil
}

// session begins one: it fixes the phone number that will have to be proven, and issues
// the nonce that the proof will have to hold. The page passes the nonce on to
// /verify-otp; the session itself stays in a cookie that no script reads.
func (h *handler) session(ctx context.Context, r request) (response, error) {
	var asked struct{ PhoneNumber string }
	err := json.Unmarshal([]byte(r.Body), &asked)
	if readable := err == nil; !readable || !strings.HasPrefix(asked.PhoneNumber, "+") {
		return refuse(http.StatusBadRequest, "A phone number with its + is required."), nil
	}
	id, nonce := rand.Text(), rand.Text()
	_, err = h.table.PutItem(ctx, &dynamodb.PutItemInput{TableName: &h.name, Item: item{
		"pk":          text("session#" + id),
		"phoneNumber": text(asked.PhoneNumber),
		"nonce":       text(nonce),
		"expires":     moment(h.now().Add(sessionLife)),
	}})
	if err != nil {
		return response{}, fmt.Errorf("keeping the session: %w", err)
	}
	answer := say(http.StatusCreated, map[string]string{"nonce": nonce})
	answer.Cookies = []string{"session=" + id + "; Path=/; HttpOnly; Secure; SameSite=Strict"}
	return answer, nil
}

// account makes one for whoever proves the session's phone number. The authorizer has
// checked the token's signature, issuer, audience and life; this function checks the rest.
func (h *handler) account(ctx context.Context, r request) (response, error) {
	if r.RequestContext.Authorizer == nil || r.RequestContext.Authorizer.JWT == nil {
		return response{}, errors.New("the route has no authorizer")
	}
	claims := r.RequestContext.Authorizer.JWT.Claims
	session, err := h.load(ctx, cookie(r, "session"))
	if err != nil {
		return response{}, err
	}
	switch {
	case session == nil:
		return refuse(http.StatusUnauthorized, "The session is over."), nil
	case claims["phone_number"] == "" || claims["phone_number"] != stringOf(session["phoneNumber"]):
		return refuse(http.StatusForbidden, "The proof is about another phone number."), nil
	case claims["nonce"] == "" || claims["nonce"] != stringOf(session["nonce"]):
		return refuse(http.StatusForbidden, "The proof is of another session."), nil
	}
	first, err := h.first(ctx, claims["jti"])
	if err != nil {
		return response{}, err
	}
	if !first {
		return refuse(http.StatusForbidden, "The proof was used before."), nil
	}
	// The account is not named by the proof's sub: that is the number's, and the number
	// will be another person's one day.
	return say(http.StatusCreated, map[string]string{"account": rand.Text()}), nil
}

// load returns the session, or nil if there is none. DynamoDB deletes late, so the time
// is compared here.
func (h *handler) load(ctx context.Context, id string) (item, error) {
	if id == "" {
		return nil, nil
	}
	out, err := h.table.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &h.name, Key: item{"pk": text("session#" + id)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, fmt.Errorf("loading the session: %w", err)
	}
	if out.Item == nil || !h.now().Before(timeOf(out.Item["expires"])) {
		return nil, nil
	}
	return out.Item, nil
}

// first reports whether a jti is presented for the first time, and keeps it. Of two
// requests at once one is the first. The SDK repeats a write whose answer was lost, and
// the repeat fails its own condition: by tells that apart from somebody else's.
func (h *handler) first(ctx context.Context, jti string) (bool, error) {
	if jti == "" {
		return false, nil
	}
	by := rand.Text()
	_, err := h.table.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           &h.name,
		Item:                                item{"pk": text("jti#" + jti), "by": text(by), "expires": moment(h.now().Add(keepJTI))},
		ConditionExpression:                 aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if used, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return stringOf(used.Item["by"]) == by, nil
	}
	if err != nil {
		return false, fmt.Errorf("keeping the jti: %w", err)
	}
	return true, nil
}

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func moment(t time.Time) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(t.Unix(), 10)}
}

func stringOf(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func timeOf(v types.AttributeValue) time.Time {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

func cookie(r request, name string) string {
	for _, c := range r.Cookies {
		if value, found := strings.CutPrefix(c, name+"="); found {
			return value
		}
	}
	return ""
}

func refuse(status int, sentence string) response {
	return say(status, map[string]string{"error": sentence})
}

func say(status int, body map[string]string) response {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic("strings do not marshal") // a mistake of ours
	}
	return response{
		StatusCode: status, Body: string(encoded),
		Headers: map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"},
	}
}
