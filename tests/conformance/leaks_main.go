// Takes the place of main.go of the runtime's own programs that leak goroutines: it lists them, or runs one, and then
// answers each line of its standard input with a profile of what has leaked.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/pprof"
)

const end = "end of profile"

// As often the leaking goroutines get their turn before a profile is taken.
const yieldCount = 10

var programs = map[string]func(){}

func register(name string, program func()) { programs[name] = program }

func registerInit(name string, program func()) {
	if len(os.Args) > 1 && os.Args[1] == name {
		program()
	}
}

func main() {
	if len(os.Args) < 2 {
		for name := range programs {
			fmt.Println(name)
		}
		return
	}
	programs[os.Args[1]]()
	fmt.Println(end)
	// Each line asks for the profile of what leaks by now.
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := pprof.Lookup("goroutineleak").WriteTo(os.Stdout, 2); err != nil {
			panic(err)
		}
		fmt.Println(end)
	}
}
