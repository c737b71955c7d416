package otp

import "errors"

// What a provider call that did not succeed comes to, in one table for each kind of call:
// what is recorded, and what the caller is refused with. Which status and sentence that
// is stands in pkg/httpapi's table of reasons. The linter (exhaustive) keeps all three
// complete.

// deliveryOutcome is what becomes of a delivery.
type deliveryOutcome struct {
	progress Progress
	reason   Reason
}

//exhaustive:enforce
var deliveryOutcomes = map[Effect]deliveryOutcome{
	Unknown:   {Unconfirmed, SendUnconfirmed},
	NotSent:   {NotDelivered, SendFailed},
	Refused:   {NotDelivered, SendFailed},
	Throttled: {DeliveryThrottled, ProviderThrottled},
	NotFound:  {NotDelivered, InvalidOrExpired}, // of a resend: the code is gone
}

//exhaustive:enforce
var checkOutcomes = map[Effect]Reason{
	Unknown:   VerifyFailed,
	NotSent:   VerifyFailed,
	Refused:   VerifyFailed,
	Throttled: ProviderThrottled,
	NotFound:  VerifyFailed,
}

// deliveryFailure returns what a failed send or resend comes to. A send that is told
// "not found" named no PIN: the application or the address is wrong.
func deliveryFailure(err error, resend bool) (*ProviderError, deliveryOutcome) {
	failure := providerFailure(err)
	effect := failure.Effect
	if effect == NotFound && !resend {
		effect = Refused
	}
	outcome := deliveryOutcomes[effect]
	if errors.Is(err, ErrUnavailable) {
		outcome.reason = Unavailable
	}
	return failure, outcome
}

// checkFailure returns what a failed verify comes to.
func checkFailure(err error) (*ProviderError, Reason) {
	failure := providerFailure(err)
	if errors.Is(err, ErrUnavailable) {
		return failure, Unavailable
	}
	return failure, checkOutcomes[failure.Effect]
}

func providerFailure(err error) *ProviderError {
	if failure, ok := errors.AsType[*ProviderError](err); ok {
		return failure
	}
	return &ProviderError{Effect: Unknown, Err: err}
}
