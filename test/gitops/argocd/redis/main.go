// A Redis that keeps all in memory, the one that Argo CD has for its own tests. Its servers keep in it
// what they made of Git and what they saw in the cluster. The argument is the address to listen at.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Nothing expires in it unless it is told how much time has passed.
	for range time.Tick(time.Second) {
		server.FastForward(time.Second)
	}
}
