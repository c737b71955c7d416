package httpapi

// ParseAddress reads the header that holds the client's address.
var ParseAddress = parseAddress
