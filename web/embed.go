// Package web holds the console page as `make web` has built it, so that the programs need Go
// alone. Its sources are beside it, and otp.js, the module that a real front end takes.
package web

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Page is the built page: index.html and all that it loads.
func Page() fs.FS {
	page, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: " + err.Error()) // dist is embedded above
	}
	return page
}
