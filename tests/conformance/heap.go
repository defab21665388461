// Heap allocates in ways that a memory profile must name, and writes its own profile when it is told the path on its
// standard input, as text where the path ends with .txt. It answers each line with one. With the argument grow it leaks instead.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"
)

type node struct {
	next *node
	data [4096]byte
}

var (
	list  *node
	byKey = map[int][]int64{}
	kept  [][]byte
)

//go:noinline
func leakNode() { list = &node{next: list} }

// Inlined into its caller, and of a type parameter.
func sliceOf[T any](length int) []T { return make([]T, length) }

func recursive(depth int) {
	if depth > 0 {
		recursive(depth - 1)
		return
	}
	kept = append(kept, make([]byte, 100_000))
}

type holder struct{ text string }

func (h *holder) grow() { h.text += "0123456789abcdef" }

type session struct{ data [8192]byte }

var sessions = map[int]*session{}

func rememberSession(id int) { sessions[id] = &session{} }

// Keeps 3 MiB more each second, and allocates twice as much that it does not keep.
func grow() {
	debug.SetGCPercent(20)
	for id := 0; ; id++ {
		rememberSession(id)
		_ = sliceOf[byte](16384 + id%2)
		time.Sleep(2 * time.Millisecond)
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "grow" {
		grow()
	}
	runtime.MemProfileRate = 64 * 1024
	var h holder
	for i := 0; i < 1000; i++ {
		leakNode()
		byKey[i%100] = sliceOf[int64](1000 + i)
		func() { kept = append(kept, make([]byte, 3000)) }()
		h.grow()
	}
	for i := 0; i < 40; i++ {
		recursive(i)
	}
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		// What is told is what stood at the last collection but one.
		runtime.GC()
		runtime.GC()
		file, err := os.Create(lines.Text())
		if err != nil {
			panic(err)
		}
		debug := 0
		if strings.HasSuffix(lines.Text(), ".txt") {
			debug = 1
		}
		if err := pprof.Lookup("heap").WriteTo(file, debug); err != nil {
			panic(err)
		}
		file.Close()
		fmt.Println("written")
	}
	runtime.KeepAlive(h)
}
