package infra_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a131a524/infobip-otp/infra/props"
)

// A key of another type signs what no JWT authorizer takes, and one that went with its stack
// could not be had back.
func TestProofKey(t *testing.T) {
	for _, test := range []struct {
		deployment
		names  []string
		policy string
	}{
		{development(t), []string{"ProofKey1"}, "Delete"},
		{production(t), []string{"ProofKey1", "ProofKey2"}, "RetainExceptOnCreate"},
	} {
		for _, name := range test.names {
			want := object{
				"Description": "Signs proofs of verification (infobip-otp, " + test.props.Stage + " stage).",
				"KeySpec":     "RSA_2048",
				"KeyUsage":    "SIGN_VERIFY",
				// The account may let roles use it, and nobody else is let.
				"KeyPolicy": object{"Version": "2012-10-17", "Statement": []any{object{
					"Effect": "Allow", "Action": "kms:*", "Resource": "*",
					"Principal": object{"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
				}}},
			}
			if diff := cmp.Diff(want, test.properties(t, name, "AWS::KMS::Key")); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", test.props.Stage, name, diff)
			}
			checkRemoval(t, test.deployment, name, test.policy)
		}
	}
}

// proofFacts are what a stack does about proofs, on a page.
type proofFacts struct {
	Keys                               []string // that the stack makes
	Issuer, Audience, Sign, Published  any      // of verify; nil for not set
	DiscoverySigns, DiscoveryPublishes any
	Grants                             []string // with keys, of all functions
}

func proofsOf(t *testing.T, d deployment) proofFacts {
	t.Helper()
	verify, discovery := d.environment(t, "VerifyFunction"), d.environment(t, "DiscoveryFunction")
	if verify["PROOF_ISSUER"] != discovery["PROOF_ISSUER"] {
		t.Errorf("verify signs for %v, discovery publishes for %v", verify["PROOF_ISSUER"], discovery["PROOF_ISSUER"])
	}
	got := proofFacts{
		Issuer: verify["PROOF_ISSUER"], Audience: verify["PROOF_AUDIENCE"], Sign: verify["PROOF_KEY"], Published: verify["PROOF_PUBLISHED_KEYS"],
		DiscoverySigns: discovery["PROOF_KEY"], DiscoveryPublishes: discovery["PROOF_PUBLISHED_KEYS"],
	}
	for name, resource := range d.Resources {
		switch resource.Type {
		case "AWS::KMS::Key":
			got.Keys = append(got.Keys, name)
		case "AWS::IAM::Role":
			for _, policy := range resource.Properties["Policies"].([]any) {
				for _, statement := range policy.(object)["PolicyDocument"].(object)["Statement"].([]any) {
					if text := sentence(t, statement.(object)); strings.Contains(text, "kms:") {
						got.Grants = append(got.Grants, name+": "+text)
					}
				}
			}
		}
	}
	slices.Sort(got.Keys)
	slices.Sort(got.Grants)
	return got
}

// TestRotationByProps walks through docs/proof.md's steps: the next key is published before it
// signs, the last one after, and none is there twice.
func TestRotationByProps(t *testing.T) {
	const one, two = "${ProofKey1.Arn}", "${ProofKey2.Arn}"
	read := func(key string) string { return "DiscoveryRole: Allow kms:GetPublicKey on " + key }
	sign := func(key string) string { return "VerifyRole: Allow kms:Sign on " + key }
	for _, step := range []struct {
		name string
		keys []string
		want proofFacts
	}{
		{"before", nil, proofFacts{
			Keys: []string{"ProofKey1"}, Sign: one, DiscoverySigns: one,
			Grants: []string{read(one), sign(one)},
		}},
		{"published", []string{"1", "2"}, proofFacts{
			Keys: []string{"ProofKey1", "ProofKey2"}, Sign: one, Published: two, DiscoverySigns: one, DiscoveryPublishes: two,
			Grants: []string{read(one), read(two), sign(one)},
		}},
		{"signing", []string{"2", "1"}, proofFacts{
			Keys: []string{"ProofKey1", "ProofKey2"}, Sign: two, Published: one, DiscoverySigns: two, DiscoveryPublishes: one,
			Grants: []string{read(one), read(two), sign(two)},
		}},
		{"over", []string{"2"}, proofFacts{
			Keys: []string{"ProofKey2"}, Sign: two, DiscoverySigns: two,
			Grants: []string{read(two), sign(two)},
		}},
	} {
		d := development(t)
		if step.keys != nil {
			p := props.Default(assets)
			p.ProofStackKeys = step.keys
			d = mustSynthesize(t, p)
		}
		step.want.Issuer = "${Api.ApiEndpoint}"
		if diff := cmp.Diff(step.want, proofsOf(t, d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
}

// TestProofsOfTheOwner: with a key of the owner's the stack makes none that is not asked for, and
// an issuer and an audience that are given are the ones of the proofs.
func TestProofsOfTheOwner(t *testing.T) {
	const signing, last = "arn:aws:kms:eu-central-1:111122223333:key/1", "arn:aws:kms:eu-central-1:111122223333:key/2"
	p := props.Default(assets)
	p.Settings = props.Settings{
		"PROOF_ISSUER": "https://otp.example.com", "PROOF_AUDIENCE": "accounts.example.com",
		"PROOF_KEY": signing, "PROOF_PUBLISHED_KEYS": last + ", " + signing,
	}
	want := proofFacts{
		Issuer: "https://otp.example.com", Audience: "accounts.example.com",
		Sign: signing, Published: last, DiscoverySigns: signing, DiscoveryPublishes: last,
		Grants: []string{
			"DiscoveryRole: Allow kms:GetPublicKey on " + signing,
			"DiscoveryRole: Allow kms:GetPublicKey on " + last,
			"VerifyRole: Allow kms:Sign on " + signing,
		},
	}
	if diff := cmp.Diff(want, proofsOf(t, mustSynthesize(t, p))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestProofsOff: no key to pay for, and no function that may use one.
func TestProofsOff(t *testing.T) {
	p := props.Default(assets)
	p.Settings = props.Settings{"PROOF_ISSUER": "off"}
	d := mustSynthesize(t, p)
	if diff := cmp.Diff(proofFacts{Issuer: "off"}, proofsOf(t, d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text, err := os.ReadFile(d.path())
	if err != nil || strings.Contains(string(text), "kms") {
		t.Errorf("the template says kms (%v)", err)
	}
}
