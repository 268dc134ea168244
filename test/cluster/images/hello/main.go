// An image that is one program and nothing else: no shell, no files. It tells
// its arguments and the names that a test may look for, then exits with the
// code in EXIT or in its first argument.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	fmt.Println("hello", strings.Join(os.Args[1:], " "))
	for _, name := range []string{"DRONE", "DRONE_BUILD_STATUS", "DRONE_STEP_NAME", "DRONE_STAGE_NAME", "GREETING"} {
		if value, set := os.LookupEnv(name); set {
			fmt.Printf("%s=%s\n", name, value)
		}
	}
	code := os.Getenv("EXIT")
	if code == "" && len(os.Args) > 1 {
		code = os.Args[1]
	}
	if number, err := strconv.Atoi(code); err == nil {
		os.Exit(number)
	}
}
