// Libraries leaks through libraries that others wrote, each case in the way that their users do: libraries -case ants.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func every(pause time.Duration, do func()) {
	for {
		do()
		time.Sleep(pause)
	}
}

var answers = make(chan int)

// work waits for an answer that nobody sends.
func work() { <-answers }

// serve begins a server of gRPC, and returns its address.
func serve(service healthpb.HealthServer) string {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, service)
	go func() { panic(server.Serve(listener)) }()
	return listener.Addr().String()
}

func connect(address string) *grpc.ClientConn {
	return must(grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials())))
}

// slow answers too late, whatever its caller has set for a deadline.
type slow struct {
	healthpb.UnimplementedHealthServer
}

func (slow) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	work()
	return nil, nil
}

// call gives up after a second.
func call(client healthpb.HealthClient) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = client.Check(ctx, &healthpb.HealthCheckRequest{})
}

// watch leaves its stream after the first message.
func watch(client healthpb.HealthClient) {
	stream := must(client.Watch(context.Background(), &healthpb.HealthCheckRequest{}))
	_ = must(stream.Recv())
}

// fanOut returns when its part is done, which it never is.
func fanOut() {
	group, ctx := errgroup.WithContext(context.Background())
	group.Go(func() error {
		select {
		case <-ctx.Done():
		case <-answers:
		}
		return nil
	})
	_ = group.Wait()
}

type token struct{ weighted *semaphore.Weighted }

// acquire takes what nobody gives back.
func (t token) acquire() { _ = t.weighted.Acquire(context.Background(), 1) }

type lookups struct{ group singleflight.Group }

func (l *lookups) find() {
	_, _, _ = l.group.Do("key", func() (any, error) { work(); return nil, nil })
}

func main() {
	name := flag.String("case", "", "")
	flag.Parse()
	const often, seldom = 50 * time.Millisecond, 100 * time.Millisecond
	switch *name {
	case "ants":
		workers := must(ants.NewPool(100000))
		every(often, func() { _ = workers.Submit(work) })
	case "conc":
		workers := pool.New()
		every(often, func() { workers.Go(work) })
	case "pond":
		workers := pond.NewPool(100000)
		every(often, func() { workers.Submit(work) })
	case "errgroup":
		every(often, func() { go fanOut() })
	case "semaphore":
		last := token{semaphore.NewWeighted(1)}
		every(often, func() { go last.acquire() })
	case "singleflight":
		all := &lookups{}
		every(often, func() { go all.find() })
	case "deadline":
		client := healthpb.NewHealthClient(connect(serve(slow{})))
		var once sync.Once
		every(often, func() { once.Do(func() { call(client) }); go call(client) })
	case "stream":
		client := healthpb.NewHealthClient(connect(serve(health.NewServer())))
		every(often, func() { watch(client) })
	case "connection":
		address := serve(health.NewServer())
		var kept []*grpc.ClientConn
		every(seldom, func() {
			connection := connect(address)
			call(healthpb.NewHealthClient(connection))
			kept = append(kept, connection)
		})
	default:
		panic(fmt.Sprintf("no case %q", *name))
	}
}
