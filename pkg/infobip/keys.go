package infobip

import "context"

// KeySource has the API key of each call. Implementations are safe for
// concurrent use and end within ctx. An error keeps its identity on the way up:
// errors.Is and errors.AsType see it through the *otp.ProviderError.
type KeySource interface {
	// APIKey returns the current key.
	APIKey(ctx context.Context) (string, error)
	// RefreshAPIKey is asked after the provider answered 401 to refused. It reads
	// the key anew, unless another call has done so since, and returns the result,
	// which may be refused again.
	RefreshAPIKey(ctx context.Context, refused string) (string, error)
}

// StaticKey is a KeySource for programs that are given their key once, at their
// start: a laptop's gateway, the operator's CLI, a test.
func StaticKey(key string) KeySource {
	return staticKey(func() string { return key })
}

// staticKey is a function because fmt cannot look into one: the key stays out of
// whatever prints a struct with a KeySource in it.
type staticKey func() string

func (s staticKey) APIKey(context.Context) (string, error) { return s(), nil }

func (s staticKey) RefreshAPIKey(context.Context, string) (string, error) { return s(), nil }
