//go:build !unix

package main

import "io"

// streamID is "": there is no systemd here.
func streamID(io.Writer) string { return "" }
