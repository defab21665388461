package main

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// waitForAnswer works on for a client that has gone.
func waitForAnswer(w http.ResponseWriter, r *http.Request) {
	<-finished
	fmt.Fprintln(w, r.URL)
}

// stopWithClient ends with its request.
func stopWithClient(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func answer(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, r.URL) }

// askAndLeave asks a server of its own, a few times over connections that then stay, and goes when nobody answers.
func askAndLeave(handle http.HandlerFunc, times int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { panic(http.Serve(listener, handle)) }()
	for i := 0; i < times; i++ {
		client := http.Client{Timeout: 50 * time.Millisecond, Transport: &http.Transport{}}
		response, err := client.Get("http://" + listener.Addr().String())
		if err == nil {
			_ = response.Body.Close()
		}
	}
}
