package proof

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// KeyARN is the ARN of a KMS key, as [ParseKeyARN] returns it. An alias is none: it may
// come to mean another key, and the kid would stay.
type KeyARN struct {
	arn, region, resource string
}

var errKeyARN = errors.New("the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab (an alias is none)")

// ParseKeyARN returns the key that the ARN names. Its error is the accepted form.
func ParseKeyARN(s string) (KeyARN, error) {
	const (
		lower  = "abcdefghijklmnopqrstuvwxyz"
		digits = "0123456789"
		dashed = lower + digits + "-"
		parts  = 6 // arn, partition, service, region, account, resource
	)
	part := strings.Split(s, ":")
	if len(part) != parts || part[0] != "arn" || part[2] != "kms" {
		return KeyARN{}, errKeyARN
	}
	id, isKey := strings.CutPrefix(part[5], "key/")
	const accountLength = 12
	if !isKey || !madeOf(part[1], dashed) || !madeOf(part[3], dashed) || !madeOf(part[4], digits) ||
		len(part[4]) != accountLength || !madeOf(id, dashed) {
		return KeyARN{}, errKeyARN
	}
	return KeyARN{arn: s, region: part[3], resource: part[5]}, nil
}

// madeOf reports whether s has 1 to 64 bytes, all of them in set.
func madeOf(s, set string) bool {
	const most = 64
	return s != "" && len(s) <= most && strings.Trim(s, set) == ""
}

// String returns the ARN.
func (k KeyARN) String() string { return k.arn }

// Region returns the region that the key lives in.
func (k KeyARN) Region() string { return k.region }

// Resource returns the key without its account: key/ and its id.
func (k KeyARN) Resource() string { return k.resource }

// KeyID returns the kid of the key. Who signs has only the ARN, and must not ask KMS
// for the public key to learn a thumbprint, so the ARN is what the kid comes from. It
// is hashed because proofs travel and an ARN names an account.
func (k KeyARN) KeyID() string {
	sum := sha256.Sum256([]byte("infobip-otp proof key\x00" + k.arn))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
