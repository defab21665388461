// Takes the place of main.go of the runtime's own programs that leak goroutines: it lists them, or runs one and stays.
package main

import (
	"fmt"
	"os"
)

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
	fmt.Println("end of profile")
	_, _ = os.Stdin.Read(make([]byte, 1))
}
