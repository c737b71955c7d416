// Package infobipotp holds the description of the API, for the function that serves it
// and for the tests that hold every answer to it (internal/contract).
package infobipotp

import _ "embed"

// OpenAPI is openapi.yaml.
//
//go:embed openapi.yaml
var OpenAPI string
