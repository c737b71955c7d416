package settings

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// Off is the word that turns PROOF_ISSUER off, where unset does not.
const Off = "off"

// Forms of texts. No regular expressions: compiling them would be work at every start.

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	letters = lower + upper
	// token is what a header's name is made of (RFC 9110, 5.6.2).
	token = letters + digits + "!#$%&'*+-.^_`|~"
)

// made reports whether text has at least one character and none but these.
func made(text, of string) bool { return text != "" && strings.Trim(text, of) == "" }

// channels are the words of the domain's channels.
func channels() []string {
	var words []string
	for _, channel := range otp.Channels() {
		words = append(words, string(channel))
	}
	return words
}

// looksLikeRegion reports whether a text has the form of a region code. No key is that short.
func looksLikeRegion(text string) bool {
	return len(text) == 2 && made(text, upper) || len(text) == 3 && made(text, digits)
}

// noAddressHeaders are headers that mean something else, or hold a list. API Gateway adds
// the peer to X-Forwarded-For, so that it never holds one address.
var noAddressHeaders = [...]string{
	"accept", "authorization", "connection", "content-length", "content-type", "cookie", "date", "forwarded", "host",
	"idempotency-key", "origin", "referer", "transfer-encoding", "user-agent", "via", "x-amz-security-token", "x-amz-date",
	"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-origin-key",
}

func isAddressHeader(name string) bool {
	const longest = 100
	return made(name, token) && len(name) <= longest && !slices.Contains(noAddressHeaders[:], strings.ToLower(name))
}

// isOriginKey reports whether a text can be an origin key: long enough to be no word, and
// something that a header can carry.
func isOriginKey(key string) bool {
	const shortest, longest = 32, 256
	return len(key) >= shortest && len(key) <= longest && isWord(key)
}

// isWord reports whether a text is one word of ASCII.
func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func isEndpoint(address string) bool {
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
}

// isChecker reports whether a text is an address that a secret may be sent to.
func isChecker(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && here
}

func isHostname(name string) bool {
	const longest = 253
	return made(name, lower+digits+"-.") && len(name) <= longest && !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".") && !strings.Contains(name, "..")
}

func parseScore(text string) (float64, error) {
	score, err := strconv.ParseFloat(text, 64)
	if err == nil && !(score >= 0 && score <= 1) || !made(text, digits+".") {
		err = strconv.ErrRange
	}
	return score, err
}

func isStage(name string) bool {
	const longest = 20
	return made(name, lower+digits+"-") && len(name) <= longest && strings.Contains(lower, name[:1])
}

// isNamespace reports whether a text can be a namespace of CloudWatch for metrics of ours.
func isNamespace(name string) bool {
	const longest = 255
	return made(name, letters+digits+".-_/#") && len(name) <= longest && !strings.HasPrefix(name, "AWS/")
}

// isOriginOrAny reports whether a text is an origin as a browser sends it, or *.
func isOriginOrAny(origin string) bool {
	if origin == "*" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && !strings.Contains(u.Host, "*") &&
		origin == u.Scheme+"://"+u.Host && origin == strings.ToLower(origin)
}

// The forms of proofs' settings are pkg/proof's.

// isIssuer reports whether a text can name the issuer of proofs, or turns them off.
func isIssuer(text string) bool {
	_, err := proof.ParseIssuer(text)
	return err == nil || text == Off
}

func isAudience(text string) bool {
	_, err := proof.ParseAudience(text)
	return err == nil
}

func isProofKey(text string) bool {
	_, err := proof.ParseKeyARN(text)
	return err == nil
}

func areProofKeys(text string) bool {
	_, err := proof.ParseKeyARNs(text)
	return err == nil
}

// isKeyARN reports whether a text is the ARN of a KMS key; an alias is none.
func isKeyARN(arn string) bool {
	id, found := strings.CutPrefix(ofService(arn, "kms"), "key/")
	return found && made(id, letters+digits+"-")
}

// isDomain reports whether a text can be a domain of the owner's.
func isDomain(name string) bool {
	return isHostname(name) && strings.Contains(name, ".") && !strings.HasSuffix(name, ".amazonaws.com")
}

// isCertificateARN reports whether a text is the ARN of a certificate of ACM.
func isCertificateARN(arn string) bool {
	id, found := strings.CutPrefix(ofService(arn, "acm"), "certificate/")
	return found && made(id, letters+digits+"-")
}

// isZone reports whether a text can be the id of a hosted zone.
func isZone(id string) bool {
	const longest = 32
	return strings.HasPrefix(id, "Z") && made(id, upper+digits) && len(id) <= longest
}

// isTable reports whether a text can be the name of a table of DynamoDB, or its ARN.
func isTable(name string) bool {
	const shortest, longest = 3, 255
	if of, found := strings.CutPrefix(ofService(name, "dynamodb"), "table/"); found {
		name = of
	}
	return made(name, letters+digits+"_.-") && len(name) >= shortest && len(name) <= longest
}

// isSubnet reports whether a text is the id of a subnet.
func isSubnet(id string) bool { return isNetworkID(id, "subnet-") }

// isSecurityGroup reports whether a text is the id of a security group.
func isSecurityGroup(id string) bool { return isNetworkID(id, "sg-") }

func isNetworkID(id, prefix string) bool {
	const shortest, longest = 8, 17
	hex, found := strings.CutPrefix(id, prefix)
	return found && made(hex, digits+"abcdef") && len(hex) >= shortest && len(hex) <= longest
}

// isTopicARN reports whether a text is the ARN of a topic of SNS.
func isTopicARN(arn string) bool { return made(ofService(arn, "sns"), letters+digits+"-_") }

// ofService returns what an ARN of a service names; empty of anything else.
func ofService(arn, service string) string {
	parts := strings.Split(arn, ":")
	const fields, accountLength = 6, 12
	whole := len(parts) == fields && parts[0] == "arn" && strings.HasPrefix(parts[1], "aws") && parts[2] == service &&
		made(parts[3], lower+digits+"-") && len(parts[4]) == accountLength && made(parts[4], digits)
	if !whole {
		return ""
	}
	return parts[5]
}

// isKeyNumber reports whether a text is the number of a key that the stack makes: one
// spelling each, because it names a resource.
func isKeyNumber(text string) bool {
	const longest = 4
	return made(text, digits) && len(text) <= longest && text[0] != '0'
}
