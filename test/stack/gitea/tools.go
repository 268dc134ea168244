//go:build tools

// Package tools keeps Gitea, which is built from its module, in go.mod.
package tools

import _ "code.gitea.io/gitea"
