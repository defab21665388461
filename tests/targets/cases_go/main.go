// Cases reproduces leaks, and what looks like leaks, that users of production services have reported; each under the
// name of its case: cases_go -case A01.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A01: a handler waits for a worker or a timeout. When the timeout wins, nobody takes the worker's answer.
func timedOutHandler() {
	answer := make(chan int)
	go slowWorker(answer)
	select {
	case <-answer:
	case <-time.After(5 * time.Millisecond):
	}
}

func slowWorker(answer chan int) {
	time.Sleep(20 * time.Millisecond)
	answer <- 1
}

// A03: every stream keeps a reader, a sender and one that waits for both.
func openStream() {
	var both sync.WaitGroup
	both.Add(2)
	in, out, quit := make(chan int), make(chan int), make(chan int)
	go readStream(in, &both)
	go sendStream(out, quit, &both)
	go controlStream(&both)
}

func readStream(in chan int, done *sync.WaitGroup) {
	defer done.Done()
	<-in
}

func sendStream(out, quit chan int, done *sync.WaitGroup) {
	defer done.Done()
	select {
	case out <- 1:
	case <-quit:
	}
}

func controlStream(both *sync.WaitGroup) { both.Wait() }

// A05: every call of keepAlive watches a context that can never end.
func keepAlive(ctx context.Context) {
	go watch(ctx)
}

func watch(ctx context.Context) { <-ctx.Done() }

// A07: every job gets a context of its own below the service's, and nobody cancels it when the job is done.
func runJob(ctx context.Context) {
	job, cancel := context.WithCancel(ctx)
	_ = job.Err()
	_ = cancel
}

// A07b: the same with a deadline that is far away.
func runJobWithDeadline(ctx context.Context) {
	job, cancel := context.WithTimeout(ctx, time.Hour)
	_ = job.Err()
	_ = cancel
}

func serveJobs(job func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	every(50*time.Millisecond, 1<<30, func() { job(ctx) })
}

// A08: each request watches its client with a system call that blocks, and so holds a thread and both ends of a pipe.
func watchClient() {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	go readBlocking(pipe[0])
}

func readBlocking(fd int) {
	var b [1]byte
	_, _ = syscall.Read(fd, b[:])
}

// A10: a session waits for two copies from pipes that nobody closes.
func attach() {
	var copies sync.WaitGroup
	for i := 0; i < 2; i++ {
		reader, _ := io.Pipe()
		copies.Add(1)
		go copyOutput(reader, &copies)
	}
	waitForCopies(&copies)
}

func copyOutput(reader *io.PipeReader, done *sync.WaitGroup) {
	defer done.Done()
	var b [1]byte
	_, _ = reader.Read(b[:])
}

func waitForCopies(copies *sync.WaitGroup) { copies.Wait() }

// A16: every reload ranges over the channel of a ticker that is stopped, which does not close it.
func reload() {
	ticker := time.NewTicker(time.Hour)
	ticker.Stop()
	go rangeOver(ticker)
}

func rangeOver(ticker *time.Ticker) {
	for range ticker.C {
	}
}

// A18: a client that does not close the body of an answer which it does not like.
func poll(url string) {
	client := http.Client{Transport: &http.Transport{}}
	if response, err := client.Get(url); err == nil && response.StatusCode == http.StatusOK {
		_ = response.Body.Close()
	}
}

// serveRefusals answers in a process of its own, as the server of the report did.
func serveRefusals() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	body := make([]byte, 100_000)
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(body)
	})))
}

func startServer() string {
	command := exec.Command(os.Args[0], "-case", "server")
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	output, err := command.StdoutPipe()
	if err != nil {
		panic(err)
	}
	// The server is to end with the thread that started it, so that thread has to stay.
	runtime.LockOSThread()
	if err := command.Start(); err != nil {
		panic(err)
	}
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		panic(err)
	}
	return "http://" + address[:len(address)-1]
}

// A19: an opener lives as long as its pool.
func opener(stop chan int) { <-stop }

// A22: producers are made for every job and never closed; of some parts they have more than of others.
func newProducer() {
	for i := 0; i < 4; i++ {
		go servePartition(make(chan int))
	}
	for i := 0; i < 3; i++ {
		go serveBroker(make(chan int))
		go retryBroker(make(chan int))
		go bridgeBroker(make(chan int))
	}
}

func servePartition(input chan int) { <-input }
func serveBroker(input chan int)    { <-input }
func retryBroker(input chan int)    { <-input }
func bridgeBroker(input chan int)   { <-input }

// A24: ten thousand wait for their turn on one condition variable.
func waitForTurn(turn *sync.Cond) {
	turn.L.Lock()
	turn.Wait()
	turn.L.Unlock()
}

// A26: a burst waits on one channel.
func burst(gate chan int) { <-gate }

// A31: one goroutine is in a system call, locked to its thread, for as long as the process lives.
func lockedCall(fd int) {
	runtime.LockOSThread()
	var b [1]byte
	_, _ = syscall.Read(fd, b[:])
}

// A35: one goroutine per message waits until the slower producer takes it, in order.
func send(queue chan int) { queue <- 1 }

func every(period time.Duration, times int, action func()) {
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for i := 0; i < times; i++ {
		<-ticker.C
		action()
	}
}

// A36: a finalizer waits for what nobody sends, and all others wait behind it.
type file struct{ finalized chan<- bool }

func (f *file) close() {
	f.finalized <- true
	<-make(chan int)
}

func blockFinalizer() {
	finalized := make(chan bool, 1)
	runtime.SetFinalizer(&file{finalized}, (*file).close)
	// The stack of a goroutine that was preempted may hold what is dead for a collection or two.
	for len(finalized) == 0 {
		runtime.GC()
	}
}

func main() {
	name := flag.String("case", "", "A01, A05, ...")
	flag.Parse()
	const forever = 1 << 30
	switch *name {
	case "A01":
		every(50*time.Millisecond, forever, timedOutHandler)
	case "A03":
		every(50*time.Millisecond, forever, openStream)
	case "C17":
		attachForEver()
	case "A18":
		server := startServer()
		every(100*time.Millisecond, forever, func() { poll(server) })
	case "A22":
		every(200*time.Millisecond, forever, newProducer)
	case "server":
		serveRefusals()
	case "A05":
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		every(100*time.Millisecond, forever, func() { keepAlive(ctx) })
	case "wrapper":
		never := make(chan int)
		for i := 0; i < 5; i++ {
			fanOut(never)
		}
		fmt.Println("ready")
		time.Sleep(time.Hour)
	case "A06":
		calls := 0
		every(250*time.Millisecond, forever, func() {
			callService(calls%2 == 0)
			calls++
		})
	case "A07":
		serveJobs(runJob)
	case "A07b":
		serveJobs(runJobWithDeadline)
	case "A08":
		every(300*time.Millisecond, forever, watchClient)
	case "A10":
		for i := 0; i < 50; i++ {
			go attach()
		}
	case "A16":
		every(1500*time.Millisecond, forever, reload)
	case "A19a":
		go opener(make(chan int))
	case "A19b":
		every(50*time.Millisecond, forever, func() {
			stop := make(chan int)
			go opener(stop)
			time.Sleep(10 * time.Millisecond)
			close(stop)
		})
	case "A24":
		turn := sync.NewCond(&sync.Mutex{})
		for i := 0; i < 10000; i++ {
			go waitForTurn(turn)
		}
	case "A26":
		time.Sleep(8 * time.Second)
		gate := make(chan int)
		for i := 0; i < 44000; i++ {
			go burst(gate)
		}
		time.Sleep(20 * time.Second)
		close(gate)
	case "A28":
		every(5*time.Millisecond, 500, func() { go withTimeout(slowWork) })
	case "A28b":
		every(5*time.Millisecond, 100, func() { go withCapturedTimeout() })
	case "A28c":
		every(5*time.Millisecond, 100, cancelledInTime)
	case "A28e":
		every(5*time.Millisecond, 40, abandonedRequest)
	case "A28f":
		for i := 0; i < 10; i++ {
			go stopAndWait(make(chan int))
		}
	case "A28g":
		askAndLeave(waitForAnswer, 12)
	case "A28i":
		askByStreams(waitForAnswer, 12)
	case "A28h":
		askAndLeave(stopWithClient, 12)
		askAndLeave(answer, 12)
	case "A28d":
		for i := 0; i < 10; i++ {
			go serveAfterStart()
		}
	case "A36":
		blockFinalizer()
	case "B05b":
		rememberForEver()
	case "A31":
		var pipe [2]int
		if err := syscall.Pipe(pipe[:]); err != nil {
			panic(err)
		}
		go lockedCall(pipe[0])
	case "A35":
		queue := make(chan int)
		go every(10*time.Millisecond, forever, func() { <-queue })
		every(5*time.Millisecond, 3000, func() { go send(queue) })
	default:
		if !lockCase(*name) {
			panic("no such case: " + *name)
		}
	}
	// Idle from here on; a bare select would be taken for a deadlock of the program.
	for {
		time.Sleep(time.Hour)
	}
}
