package simulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
)

// authorize checks the Authorization header and the scope. A path that leads
// nowhere needs a key too.
func (s *Simulator) authorize(headers []string, rt *route) *refusal {
	unknown := refuse(http.StatusUnauthorized)
	if len(headers) != 1 {
		return &unknown
	}
	scheme, credentials, found := strings.Cut(headers[0], " ")
	if !found || credentials == "" {
		return &unknown
	}
	switch strings.ToLower(scheme) {
	case "app":
		scopes, known := s.scopesOf(credentials)
		if !known {
			return &unknown
		}
		if rt != nil && scopes != nil && !haveInCommon(scopes, rt.scopes) {
			forbidden := refuse(http.StatusForbidden)
			return &forbidden
		}
		return nil
	case "basic", "ibsso", "bearer":
		if s.options.OtherSchemes {
			return nil
		}
	}
	return &unknown
}

// scopesOf returns the scopes of a key, nil for all, and reports whether it is known.
func (s *Simulator) scopesOf(key string) ([]string, bool) {
	if sameSecret(key, s.options.Key) {
		return nil, true
	}
	for limited, scopes := range s.options.LimitedKeys {
		if sameSecret(key, limited) {
			return append([]string{}, scopes...), true
		}
	}
	return nil, false
}

func haveInCommon(a, b []string) bool {
	return slices.ContainsFunc(a, func(one string) bool { return slices.Contains(b, one) })
}

// sameSecret compares in constant time, whatever the lengths.
func sameSecret(a, b string) bool {
	hashA, hashB := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(hashA[:], hashB[:]) == 1
}
