package main

import "context"

// A06: a stream of a library that is neither read to its end nor cancelled keeps the goroutine that watches it.
type stream struct {
	done chan struct{}
}

func newStream(ctx context.Context) *stream {
	s := &stream{done: make(chan struct{})}
	go s.monitor(ctx)
	return s
}

func (s *stream) monitor(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.done:
	}
}

func (s *stream) close() { close(s.done) }

// Every second one is dropped.
func callService(dropped bool) {
	s := newStream(context.Background())
	if !dropped {
		s.close()
	}
}
