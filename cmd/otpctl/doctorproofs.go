package main

import (
	"context"
	"slices"
	"strings"

	"github.com/seed-a131a524/infobip-otp/pkg/app/proofs"
	"github.com/seed-a131a524/infobip-otp/pkg/proof"
	"github.com/seed-a131a524/infobip-otp/pkg/proof/awskms"
	"github.com/seed-a131a524/infobip-otp/pkg/settings"
)

// proofSettings returns the keys of proofs as verify has them.
func (v *visit) proofSettings() (proofs.Keys, bool) {
	f := v.functions["verify"]
	if f == nil || f.found == nil {
		return proofs.Keys{}, false
	}
	environment := f.environment()
	return proofs.ReadKeys(settings.NewReader(func(name string) string { return environment[name] })), true
}

// proofKeys returns the keys that have to be published, the one that signs first.
func proofKeys(keys proofs.Keys) []proof.KeyARN {
	var all []proof.KeyARN
	if signing, err := proof.ParseKeyARN(keys.Signing); err == nil {
		all = append(all, signing)
	}
	further, err := proof.ParseKeyARNs(keys.Published)
	if err != nil {
		return all // checkSettings says so
	}
	for _, key := range further {
		if !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	return all
}

const proofsOff = "proofs are off (PROOF_ISSUER): a backend cannot tell a success from a claim of one"

func checkProofKeys(ctx context.Context, v *visit) []finding {
	keys, known := v.proofSettings()
	switch {
	case !known:
		return unknown("the function verify is not known")
	case !keys.On():
		return okay(proofsOff)
	}
	all := proofKeys(keys)
	if len(all) == 0 {
		return failed("PROOF_STACK_KEYS or PROOF_KEY in deploy.env, and make deploy", "proofs are on and no key signs them: every success is 500 proof_failed")
	}
	options := awskms.Options{Credentials: v.aws.Credentials}
	if v.aws.BaseEndpoint != nil {
		options.Endpoint = *v.aws.BaseEndpoint
	}
	var found []finding
	for i, arn := range all {
		_, err := awskms.New(arn, options).Read(ctx)
		switch {
		case err == nil:
		case i == 0:
			found = append(found, failed("look at the key in KMS (your role needs kms:GetPublicKey on it); docs/proof.md says how a key is changed", "the key that signs: %s", err)...)
		default:
			found = append(found, warned("take it out of PROOF_PUBLISHED_KEYS once no proof of it is good any more, or mend it", "a published key: %s", err)...)
		}
	}
	return orElse(found, "%s can be used", count(len(all), "key"))
}

// checkDocuments loads what verifiers load: from the API's own address, and from the issuer
// where that is another.
func checkDocuments(ctx context.Context, v *visit) []finding {
	keys, known := v.proofSettings()
	base, err := httpAddress(v.outputs["ApiUrl"])
	switch {
	case !known || v.outputs["ApiUrl"] == "":
		return unknown("the function verify or the API's address is not known")
	case err != nil:
		return failed("the output ApiUrl is the stack's own", "ApiUrl: %s", err)
	case !keys.On():
		return okay(proofsOff)
	}
	addresses := []string{base}
	if keys.Issuer != base {
		addresses = append(addresses, keys.Issuer)
	}
	var found []finding
	for _, address := range addresses {
		found = append(found, documentFaults(ctx, address, keys)...)
	}
	return orElse(found, "%s publishes its %s", strings.Join(addresses, " and as "), count(len(proofKeys(keys)), "key"))
}

func documentFaults(ctx context.Context, address string, keys proofs.Keys) []finding {
	const todo = "PROOF_ISSUER has to be an address that leads to this API; look at discovery's log, and at its permission kms:GetPublicKey"
	api := documents()
	api.base = address
	published, err := api.published(ctx)
	switch {
	case err != nil:
		return failed(todo, "%s: verifiers cannot load the keys: %s", address, err)
	case published.issuer != keys.Issuer:
		return failed(deployAgain, "%s: the documents are those of the issuer %s, and verify signs for %s", address, printable(published.issuer), keys.Issuer)
	}
	var found []finding
	for i, arn := range proofKeys(keys) {
		if published.keys[arn.KeyID()] != nil {
			continue
		}
		if i == 0 {
			found = append(found, failed(todo, "%s: the key that signs is not published: no proof can be checked", address)...)
		} else {
			found = append(found, warned(todo, "%s: a key of PROOF_PUBLISHED_KEYS is not published", address)...)
		}
	}
	return found
}
