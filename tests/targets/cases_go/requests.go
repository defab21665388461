package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
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

// askAndLeave asks a server of its own until it has handled so many requests, and goes when nobody answers. Connections
// over which an answer came stay.
func askAndLeave(handle http.HandlerFunc, times int32) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var handled int32
	server := handling(handle, times, &handled)
	go func() { panic(http.Serve(listener, server)) }()
	for atomic.LoadInt32(&handled) < times {
		client := http.Client{Timeout: 50 * time.Millisecond, Transport: &http.Transport{}}
		ask(&client, "http://"+listener.Addr().String())
	}
}

// askByStreams does so over HTTP/2, by one connection for all.
func askByStreams(handle http.HandlerFunc, times int32) {
	var handled int32
	server := httptest.NewUnstartedServer(handling(handle, times, &handled))
	server.EnableHTTP2 = true
	server.StartTLS()
	client := server.Client()
	client.Timeout = 50 * time.Millisecond
	for atomic.LoadInt32(&handled) < times {
		ask(client, server.URL)
	}
}

func handling(handle http.HandlerFunc, times int32, handled *int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if atomic.AddInt32(handled, 1) <= times {
			handle(w, r)
		}
	})
}

func ask(client *http.Client, address string) {
	response, err := client.Get(address)
	if err == nil {
		_ = response.Body.Close()
	}
}
