package infobipotp

import _ "embed"

// Messages is messages.yaml, for a program that is started where there is none.
//
//go:embed messages.yaml
var Messages []byte
