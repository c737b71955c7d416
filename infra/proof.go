package infra

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// proofKeys are the ARNs of the keys of proofs: the first signs, all are published. None:
// there are no proofs.
type proofKeys []*string

// newProofKeys makes the keys that the stack is to have, and puts them between the owner's
// own: a key that signs goes before all, one that is only published behind.
func newProofKeys(scope constructs.Construct, p props.Props) proofKeys {
	if !p.Proofs() {
		return nil
	}
	var keys proofKeys
	own := func(list string) {
		for arn := range strings.SplitSeq(list, ",") {
			arn = strings.TrimSpace(arn)
			// One that signs may still stand among those that are published.
			if arn != "" && !slices.ContainsFunc(keys, func(key *string) bool { return *key == arn }) {
				keys = append(keys, jsii.String(arn))
			}
		}
	}
	own(p.Settings["PROOF_KEY"])
	for _, number := range p.StackKeys() {
		keys = append(keys, newProofKey(scope, p, number).KeyArn())
	}
	own(p.Settings["PROOF_PUBLISHED_KEYS"])
	return keys
}

// newProofKey makes a key of the one kind that API Gateway's JWT authorizers take the
// signatures of. Its policy leaves to the roles who may use it (access.go). KMS rotates no
// such key by itself: a rotation is a second key.
func newProofKey(scope constructs.Construct, p props.Props, number string) awskms.Key {
	return awskms.NewKey(scope, jsii.String("ProofKey"+number), &awskms.KeyProps{
		Description:   jsii.String("Signs proofs of verification (infobip-otp, " + p.Stage + " stage)."),
		KeySpec:       awskms.KeySpec_RSA_2048,
		KeyUsage:      awskms.KeyUsage_SIGN_VERIFY,
		RemovalPolicy: removal(p),
	})
}

// variables returns what the functions are told: of whom proofs are, the service's own address unless
// the owner says otherwise, and the keys.
func (k proofKeys) variables(p props.Props, address *string) map[string]*string {
	if len(k) == 0 {
		return nil
	}
	variables := map[string]*string{"PROOF_KEY": k[0], "PROOF_ISSUER": address}
	if issuer := p.Settings["PROOF_ISSUER"]; issuer != "" {
		variables["PROOF_ISSUER"] = jsii.String(issuer)
	}
	if len(k) > 1 {
		var further []string
		for _, arn := range k[1:] {
			further = append(further, *arn)
		}
		variables["PROOF_PUBLISHED_KEYS"] = jsii.String(strings.Join(further, ","))
	}
	return variables
}
