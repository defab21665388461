// Leaky is a service with four leaks, each of a kind that production services have had. It prints the address that it
// serves /debug/pprof and /numgoroutine on.
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

// leakReceive waits for an answer that nobody sends.
func leakReceive(answer chan int) { <-answer }

// leakSend has an answer that nobody takes: the caller has timed out.
func leakSend(answer chan int) { answer <- 1 }

// leakSelect watches a context that nobody cancels.
func leakSelect(ctx context.Context, work chan int) {
	select {
	case <-ctx.Done():
	case <-work:
	}
}

// leakMutex waits for a lock that a return left held.
func leakMutex() {
	held.Lock()
	defer held.Unlock()
}

// handle is ordinary work: it comes, takes a moment and goes.
func handle(done *sync.WaitGroup) {
	defer done.Done()
	time.Sleep(time.Millisecond)
}

func main() {
	address := flag.String("listen", "127.0.0.1:0", "address of the debug handlers")
	every := flag.Duration("every", 500*time.Millisecond, "each leak gains one goroutine this often")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/numgoroutine", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, runtime.NumGoroutine())
	})
	go func() { panic(http.Serve(listener, nil)) }()
	fmt.Println("listening", listener.Addr())

	held.Lock()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	leak := time.NewTicker(*every)
	traffic := time.NewTicker(20 * time.Millisecond)
	var done sync.WaitGroup
	for {
		select {
		case <-leak.C:
			go leakReceive(make(chan int))
			go leakSend(make(chan int))
			go leakSelect(ctx, make(chan int))
			go leakMutex()
		case <-traffic.C:
			done.Add(5)
			for i := 0; i < 5; i++ {
				go handle(&done)
			}
			done.Wait()
		}
	}
}
