package httpapi

import (
	"cmp"
	"context"
	"net/netip"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
)

// ClientAddress says how a deployment learns who the client is. The zero value is that of
// one which browsers and apps call: the peer is the client, and no header is looked at.
//
// Behind CloudFront, or a backend that calls for its users, the peer is not the client,
// and all of them would share one peer's limits. There a header names the client. It is
// believed from two kinds of caller only: one that shows an origin key, and one that API
// Gateway's IAM authorizer has let in.
type ClientAddress struct {
	// Header is the name of the header that holds the client's address, such as
	// CloudFront-Viewer-Address or X-Client-Address.
	Header string
	// Keys are the origin keys; nil for none.
	Keys OriginKeys
}

// OriginKeys knows the keys that CloudFront, or a backend, shows in X-Origin-Key. During a
// rotation there are several, and each is good.
//
// Obligations on implementations: the candidate is compared with every key in constant
// time, so that the time of a refusal tells nothing of any; an error has
// otp.ErrUnavailable in its chain.
type OriginKeys interface {
	IsOriginKey(ctx context.Context, candidate string) (bool, error)
}

const originKeyHeader = "x-origin-key"

// identified returns the route as those reach it whose client is known. It stands before
// all that looks at the body, and before anything is counted.
func (c ClientAddress) identified(next route) route {
	return func(ctx context.Context, r *request) (*answer, error) {
		address, err := c.of(ctx, r.event)
		if err != nil {
			return nil, err
		}
		r.address = address
		return next(ctx, r)
	}
}

// of returns the client's address.
func (c ClientAddress) of(ctx context.Context, event *events.APIGatewayV2HTTPRequest) (string, error) {
	if c.Header == "" {
		return event.RequestContext.HTTP.SourceIP, nil
	}
	believed, err := c.believes(ctx, event)
	if err != nil {
		return "", &otp.Error{Reason: otp.Unavailable, Err: err}
	}
	if !believed {
		return "", refuseOrigin
	}
	address, ok := parseAddress(c.Header, header(event, c.Header))
	if !ok {
		return "", refuseClientAddress
	}
	return address.String(), nil
}

// believes reports whether the caller may say who the client is.
func (c ClientAddress) believes(ctx context.Context, event *events.APIGatewayV2HTTPRequest) (bool, error) {
	if isService(event) {
		return true, nil
	}
	shown := header(event, originKeyHeader)
	if shown == "" || c.Keys == nil {
		return false, nil
	}
	return c.Keys.IsOriginKey(ctx, shown)
}

// isService reports whether API Gateway's IAM authorizer has let the caller in as one of
// the owner's own. Who has the credentials of a Cognito identity pool is an end user, as
// the bearer of a JWT is.
func isService(event *events.APIGatewayV2HTTPRequest) bool {
	authorizer := event.RequestContext.Authorizer
	if authorizer == nil || authorizer.IAM == nil {
		return false
	}
	iam := authorizer.IAM
	endUser := cmp.Or(iam.CognitoIdentity.IdentityID, iam.CognitoIdentity.IdentityPoolID) != ""
	return !endUser && cmp.Or(iam.UserARN, iam.AccountID, iam.CallerID, iam.UserID, iam.AccessKey) != ""
}

// viewerAddress is CloudFront's own header. It always has a port, and before it an IPv6
// address without brackets: 2001:db8::1:443 is 2001:db8::1 and port 443 there, and an
// address alone in every other header.
const viewerAddress = "CloudFront-Viewer-Address"

// parseAddress reads the value of the header that holds the client's address, and reports
// whether it is one address. Accepted are, in CloudFront-Viewer-Address:
//
//	203.0.113.1:443   2001:db8::1:443   [2001:db8::1]:443
//
// and elsewhere:
//
//	203.0.113.1   203.0.113.1:443   2001:db8::1   [2001:db8::1]:443
//
// Lists (API Gateway joins repeated headers with a comma), zones, white space and
// IPv4 octets with leading zeros are refused. An IPv4-mapped address is the IPv4 address.
func parseAddress(name, value string) (netip.Addr, bool) {
	host := value
	colon := strings.LastIndexByte(value, ':')
	hasPort := colon >= 0 && isPort(value[colon+1:])
	isIPv6 := strings.Count(value, ":") > 1
	switch fromCloudFront := strings.EqualFold(name, viewerAddress); {
	case hasPort && isIPv6 && value[0] == '[' && value[colon-1] == ']':
		host = value[1 : colon-1]
	case hasPort && (fromCloudFront || !isIPv6):
		host = value[:colon]
	case fromCloudFront:
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(host)
	if err != nil || address.Zone() != "" {
		return netip.Addr{}, false
	}
	return address.Unmap(), true
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil && text[0] != '0'
}
