//go:build tools

// Package tools keeps the Drone server, which is built from its module, in go.mod.
package tools

import _ "github.com/drone/drone/cmd/drone-server"
