package proof

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
)

// jwk is a public key as RFC 7517 and RFC 7518 (6.3.1) write it.
type jwk struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
}

func newJWK(kid string, key *rsa.PublicKey) jwk {
	n, e := members(key)
	return jwk{Type: "RSA", Use: "sig", Algorithm: "RS256", KeyID: kid, Modulus: n, Exponent: e}
}

// members returns modulus and exponent: big-endian, no leading zero byte, base64url.
func members(key *rsa.PublicKey) (string, string) {
	encode := base64.RawURLEncoding.EncodeToString
	return encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes())
}

// thumbprint is RFC 7638's: the hash of the required members, in the order of their
// names and without white space.
func thumbprint(key *rsa.PublicKey) string {
	n, e := members(key)
	text, err := json.Marshal(struct {
		Exponent string `json:"e"`
		Type     string `json:"kty"`
		Modulus  string `json:"n"`
	}{e, "RSA", n})
	if err != nil {
		panic("proof: a key's members do not marshal") // a mistake of ours
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
