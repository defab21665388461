// Healthy is a busy service without a leak: a pool of workers, requests that start goroutines and end them, and
// connections that live for a while.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"sync"
	"time"
)

func worker(jobs <-chan int, results chan<- int) {
	for job := range jobs {
		sum := 0
		for i := 0; i < 20000; i++ {
			sum += i * job
		}
		results <- sum
	}
}

func request(jobs chan<- int, results <-chan int) {
	var fan sync.WaitGroup
	for i := 0; i < 10; i++ {
		fan.Add(1)
		go func(i int) {
			defer fan.Done()
			jobs <- i
			<-results
		}(i)
	}
	fan.Wait()
}

// session lives for some seconds, as a connection does.
func session(lifetime time.Duration) { time.Sleep(lifetime) }

func main() {
	address := flag.String("listen", "127.0.0.1:0", "address of the debug handlers")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		panic(err)
	}
	go func() { panic(http.Serve(listener, nil)) }()
	fmt.Println("listening", listener.Addr())

	jobs := make(chan int)
	results := make(chan int, 100)
	for i := 0; i < 100; i++ {
		go worker(jobs, results)
	}
	for i := 0; ; i++ {
		request(jobs, results)
		go session(time.Duration(i%5) * time.Second)
		time.Sleep(20 * time.Millisecond)
	}
}
