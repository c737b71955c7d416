// Package sdk holds the simulator to Infobip's own clients: the official Go SDK
// and the community's Node SDK run their 2FA flows against it, unchanged. It is
// a module of its own so that nothing else depends on those SDKs.
//
// The Node part needs node and npm on the PATH; the first run installs the
// pinned packages into node/node_modules.
package sdk
