package httpapi

import (
	"context"

	"github.com/seed-a131a524/infobip-otp/pkg/otp"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
)

// Proofs signs what a success says. Its error is a *[proof.Error].
type Proofs interface {
	Issue(ctx context.Context, s proof.Statement) (proof.Token, error)
}

// issuance is what came of the signature of one request.
type issuance struct {
	token proof.Token
	err   error
}

// seal returns what has a success signed. It runs beside the request, whose panics are not
// caught there.
func (i *issuance) seal(proofs Proofs, subject, nonce string) func(context.Context, otp.Success) {
	return func(ctx context.Context, s otp.Success) {
		*i = issuance{}
		_, i.err = guarded(func() (*answer, error) {
			statement := proof.Statement{
				Sub: subject, Channel: string(s.Channel), VerificationID: s.VerificationID, VerifiedAt: s.At, Nonce: nonce, Test: s.Test,
			}
			if number, ok := s.To.Phone(); ok {
				statement.PhoneNumber = number.E164()
			}
			if address, ok := s.To.Email(); ok {
				statement.Email = address.Canonical()
			}
			var err error
			i.token, err = proofs.Issue(ctx, statement)
			return nil, err
		})
	}
}
