package main

var (
	proofs  = []string{"./pkg/proof"}
	kmsKeys = []string{"./pkg/proof/awskms"}
	calls   = []string{"./pkg/awsjson"}
)

var proofMutants = []mutant{
	{"a statement may lack its parts", "if !s.complete() {", "if false {"},
	{"a statement may have two recipients", "oneRecipient := (s.PhoneNumber == \"\") != (s.Email == \"\")", "oneRecipient := s.PhoneNumber != \"\" || s.Email != \"\""},
	{"no sub is none", "s.Sub != \"\" && ", ""},
	{"no verification id is none", "s.VerificationID != \"\" && ", ""},
	{"no time is none", " && !s.VerifiedAt.IsZero()", ""},
	{"a signature that failed is an empty one", "\tif err != nil {\n\t\treturn Token{}, &Error{Err: err}\n\t}\n", "\t_ = err\n"},
	{"the number shows in spite of the setting", "if !i.Anonymous {", "if true {"},
	{"the time of verification is that of signing", "AuthTime: s.VerifiedAt.Unix()", "AuthTime: now.Unix()"},
	{"proofs live for ever", "now.Unix() + int64(i.TTL/time.Second)", "now.Unix() + 1<<40"},
	{"the nonce is lost", "Nonce:    s.Nonce,", ""},
	{"statements print themselves", "func (Statement) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }", ""},
	{"statements marshal themselves", "func (Statement) MarshalText() ([]byte, error) { return []byte(redacted), nil }", ""},
}

var publishedMutants = []mutant{
	{"an empty set is published", "\tcase 0:\n\t\treturn Document{}, ErrNoKeys\n", ""},
	{"a set without a key is kept for an hour", "return document(set, incompleteAge), nil", "return document(set, documentAge), nil"},
	{"keys are read for every set", "if e.key != nil || ", "if "},
	{"a key that cannot be read is asked for by every stranger", " || !e.triedAt.IsZero() && now.Sub(e.triedAt) < again", ""},
	{"a key is published twice", "if p.read[key.KeyID()] == nil {", "if true {"},
	{"a key that cannot be read is left out in silence", "p.logger.ErrorContext(ctx, \"a published proof key cannot be read\",\n\t\t\t\t\tslog.String(\"kid\", key.KeyID()), slog.String(\"cause\", err.Error()))", "_, _ = slog.String, p.logger"},
}

var proofSettingMutants = []mutant{
	{"plain http to anywhere", "case u.Scheme == \"https\", u.Scheme == \"http\" && loopback(u.Hostname()):", "case u.Scheme == \"https\", u.Scheme == \"http\":"},
	{"an issuer ends in a slash", " || strings.HasSuffix(s, \"/\")", ""},
	{"an issuer has a user", " || u.User != nil", ""},
	{"an issuer has a query", "`?# \"\\<>^{|}`+\"`\"", "`# \"\\<>^{|}`+\"`\""},
	{"an issuer has two forms", "if u.String() != s {", "if false {"},
	{"an audience is a list", "strings.ContainsAny(s, \" ,\")", "strings.ContainsAny(s, \" \")"},
	{"a nonce has any bytes", "func CheckNonce(s string) error {\n\tif s == \"\" || len(s) > maxWord || !printable(s) {", "func CheckNonce(s string) error {\n\tif s == \"\" || len(s) > maxWord {"},
	{"a nonce has any length", "func CheckNonce(s string) error {\n\tif s == \"\" || len(s) > maxWord || !printable(s) {", "func CheckNonce(s string) error {\n\tif s == \"\" || !printable(s) {"},
	{"a list has any length", " || len(keys) == maxPublished", ""},
	{"a list names a key twice", " || slices.Contains(keys, key)", " || slices.Contains(keys[:0], key)"},
}

var kmsMutants = []mutant{
	{"a signature is asked for once", "signTries = 2", "signTries = 1"},
	{"a signature is asked for again and again", "signTries = 2", "signTries = 3"},
	{"a call has all the time there is", "ctx, cancel := context.WithTimeout(ctx, callTime)\n\tdefer cancel()\n\tvar out struct{ Signature []byte }", "var out struct{ Signature []byte }"},
	{"a public key has all the time there is", "ctx, cancel := context.WithTimeout(ctx, callTime)\n\tdefer cancel()\n\tvar out struct {\n", "var out struct {\n"},
	{"tries go on when the request is over", "\t\tcase <-ctx.Done():\n\t\t\treturn nil, err\n", ""},
	{"the key is looked for elsewhere", "Region: arn.Region()", "Region: \"us-east-1\""},
	{"KMS takes the message for a hash", "\"MessageType\": \"RAW\"", "\"MessageType\": \"DIGEST\""},
	{"no signature is one", "if len(out.Signature) == 0 {", "if false {"},
	{"a key of another usage is published", "if out.KeyUsage != \"SIGN_VERIFY\" {", "if false {"},
	{"a key that cannot sign is published", "if !slices.Contains(out.SigningAlgorithms, rs256) {", "if slices.Contains(out.SigningAlgorithms, \"none\") {"},
}

var awsCallMutants = []mutant{
	{"a refusal is an answer", "if response.StatusCode != http.StatusOK {", "if response.StatusCode == http.StatusTeapot {"},
	{"an answer has any size", "io.ReadAll(io.LimitReader(response.Body, maxAnswer))", "io.ReadAll(io.LimitReader(response.Body, 10*maxAnswer))"},
	{"without credentials it calls", "\tif err != nil {\n\t\treturn nil, fmt.Errorf(\"finding credentials: %w\", err)\n\t}\n", "\t_ = err\n"},
	{"a code keeps its namespace", "code[strings.LastIndex(code, \"#\")+1:]", "code"},
	{"a code keeps its address", "\tcode, _, _ = strings.Cut(code, \":\")\n", ""},
	{"the endpoint is not heeded", "address := c.Endpoint", "address := \"\""},
}
