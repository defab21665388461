// Parked holds goroutines at four places, for measurements. It prints the address of /debug/pprof when all stand.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"runtime"
	"sync"
	"time"
)

var held sync.Mutex

func parkReceive() { c := make(chan int); <-c }
func parkSend()    { c := make(chan int); c <- 1 }
func parkMutex()   { held.Lock(); held.Unlock() }
func parkSelect(ctx context.Context) {
	never := make(chan int)
	select {
	case <-ctx.Done():
	case <-never:
	}
}

func main() {
	n := flag.Int("n", 100000, "goroutines")
	flag.Parse()
	held.Lock()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := 0; i < *n/4; i++ {
		go parkReceive()
		go parkSend()
		go parkSelect(ctx)
		go parkMutex()
	}
	// All stand when none is left to run.
	for runtime.NumGoroutine() < *n/4*4 {
		runtime.Gosched()
	}
	time.Sleep(200 * time.Millisecond)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("listening", listener.Addr())
	panic(http.Serve(listener, nil))
}
