package main

import (
	"context"
	"runtime"
	"time"
)

// A28: a wrapper returns when its time is up, but what it called cannot: nobody takes the answer any more.
func withTimeout(work func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	answer := make(chan error)
	go sendAnswer(ctx, answer, work)
	select {
	case <-answer:
	case <-ctx.Done():
	}
}

func sendAnswer(ctx context.Context, answer chan error, work func(context.Context) error) {
	answer <- work(ctx)
	runtime.KeepAlive(ctx)
}

func slowWork(context.Context) error {
	time.Sleep(100 * time.Millisecond)
	return nil
}

// A28b: the same with a value around the context, which a function literal has captured.
func withCapturedTimeout() {
	type key struct{}
	parent, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	ctx := context.WithValue(parent, key{}, "request")
	answer := make(chan error)
	go func() {
		answer <- slowWork(ctx)
		<-ctx.Done()
		cancel()
	}()
	<-ctx.Done()
}

// A28c: the contexts were cancelled long before their deadline; who holds them is still there.
func cancelledInTime() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	go sendAnswer(ctx, make(chan error), func(context.Context) error { return nil })
	cancel()
}

// The caller gives up, and so cancels, the request; who works for it cannot notice.
func abandonedRequest() {
	ctx, cancel := context.WithCancel(context.Background())
	go sendAnswer(ctx, make(chan error), func(context.Context) error { return nil })
	cancel()
}

// Stops when it is told to, and then waits for others that do not hold the context.
func stopAndWait(stopped chan int) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() { cancel() }()
	<-ctx.Done()
	<-stopped
}

// A28d: a context for the start of a service, whose function then runs for as long as the process.
func serveAfterStart() {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_ = slowWork(ctx)
	stop := make(chan int)
	<-stop
}
