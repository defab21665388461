package main

import (
	"net"
	"runtime"
	"sync"
	"time"
)

// A29: locks of a package; no stack holds their address.
var (
	registry    sync.Mutex
	registered  = map[string]int{}
	here, there sync.Mutex
	changed     = sync.NewCond(&registry)
	finished    = make(chan int)
	settings    sync.RWMutex
)

// readReply waits for a peer while it holds the lock.
func readReply(peer net.Conn) {
	registry.Lock()
	defer registry.Unlock()
	var b [1]byte
	_, _ = peer.Read(b[:])
}

func register(name string) {
	registry.Lock()
	defer registry.Unlock()
	registered[name]++
}

// waitForChange has let go of the lock while it waits, and waits for it again once it is woken.
func waitForChange() {
	registry.Lock()
	changed.Wait()
	registry.Unlock()
}

// hasRegistered has let go of the lock on each path before it waits.
func hasRegistered(name string, done chan int) {
	registry.Lock()
	if registered[name] == 0 {
		registry.Unlock()
		<-done
		return
	}
	registered[name]++
	registry.Unlock()
}

// registerAgain locks what its caller, which it is inlined into or not, has locked.
func registerAgain(name string) {
	registry.Lock()
	register(name)
	registry.Unlock()
}

func moveThere() {
	here.Lock()
	time.Sleep(100 * time.Millisecond)
	there.Lock()
	there.Unlock()
	here.Unlock()
}

func moveBack() {
	there.Lock()
	time.Sleep(100 * time.Millisecond)
	here.Lock()
	here.Unlock()
	there.Unlock()
}

func changeSettings(done chan int) {
	settings.Lock()
	<-done
	settings.Unlock()
}

func readSettings() {
	settings.RLock()
	settings.RUnlock()
}

func writeSettings() {
	settings.Lock()
	settings.Unlock()
}

// readSlowly waits for somebody while it holds the lock for reading, which a writer and then all readers wait for.
func readSlowly(done chan int) {
	settings.RLock()
	<-done
	settings.RUnlock()
}

func readSettingsTwice() {
	settings.RLock()
	time.Sleep(50 * time.Millisecond)
	readSettings()
	settings.RUnlock()
}

// upgradeSettings waits for all readers to unlock, of which it is one.
func upgradeSettings() {
	settings.RLock()
	writeSettings()
	settings.RUnlock()
}

// cache has its lock in a struct of the heap.
type cache struct {
	name string
	lock sync.RWMutex
}

var theCache = &cache{name: "prices"}

func (c *cache) fill(done chan int) {
	c.lock.RLock()
	defer c.lock.RUnlock()
	<-done
	c.name += "."
}

func (c *cache) update(done chan int) {
	c.lock.Lock()
	defer c.lock.Unlock()
	<-done
	c.name += "."
}

func (c *cache) reset() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.name = ""
}

// refresh calls what locks again.
func (c *cache) refresh() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.reset()
	c.name += "."
}

func (c *cache) get() string {
	c.lock.RLock()
	defer c.lock.RUnlock()
	return c.name
}

// A15: a publisher sends while it holds the lock that the receiver needs first. Both are reached from a variable, so that
// nothing but who refers to what tells.
type hub struct {
	name   string
	lock   sync.Mutex
	events chan int
}

var theHub = &hub{events: make(chan int)}

func (h *hub) publish() {
	h.lock.Lock()
	defer h.lock.Unlock()
	time.Sleep(50 * time.Millisecond)
	h.events <- 1
}

func (h *hub) receive() {
	time.Sleep(20 * time.Millisecond)
	lock := &h.lock
	lock.Lock()
	events := h.events
	lock.Unlock()
	<-events
	runtime.KeepAlive(events)
}

func (h *hub) join() {
	h.lock.Lock()
	defer h.lock.Unlock()
}

// A21: two accounts are locked in two orders.
type account struct {
	name string
	lock sync.Mutex
}

var first, second = &account{name: "first"}, &account{name: "second"}

func transfer(from, to *account) {
	from.lock.Lock()
	defer from.lock.Unlock()
	time.Sleep(50 * time.Millisecond)
	to.lock.Lock()
	defer to.lock.Unlock()
}

// As theHub, it is reached from a variable.
var theSettings = &sync.RWMutex{}

// A30: a goroutine read-locks twice, and a writer queues in between; then all readers pile up.
func readTwice(lock *sync.RWMutex) {
	lock.RLock()
	defer lock.RUnlock()
	time.Sleep(50 * time.Millisecond)
	readAgain(lock)
}

func readAgain(lock *sync.RWMutex) {
	lock.RLock()
	defer lock.RUnlock()
}

func write(lock *sync.RWMutex) {
	lock.Lock()
	defer lock.Unlock()
}

// queueBehindWriter has one reader that stays, a writer that waits for it, and readers that wait for the writer.
func queueBehindWriter(stay, write, read func()) {
	go stay()
	time.Sleep(50 * time.Millisecond)
	go write()
	time.Sleep(50 * time.Millisecond)
	for i := 0; i < 20; i++ {
		go read()
	}
}

// lockCase runs a case of locks.
func lockCase(name string) bool {
	const others = 20
	switch name {
	case "A29":
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		go waitForChange()
		go waitForChange()
		go hasRegistered("a", finished)
		time.Sleep(50 * time.Millisecond)
		peer, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		go readReply(peer)
		time.Sleep(50 * time.Millisecond)
		changed.Signal()
		for i := 0; i < others; i++ {
			go register("b")
		}
	case "A29b":
		go registerAgain("a")
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < others; i++ {
			go register("b")
		}
	case "A29c":
		go moveThere()
		go moveBack()
	case "A29d":
		go changeSettings(finished)
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < others; i++ {
			go readSettings()
		}
	case "A29e":
		queueBehindWriter(func() { readSlowly(finished) }, writeSettings, readSettings)
	case "A29f":
		queueBehindWriter(func() { theCache.fill(finished) }, theCache.reset, func() { theCache.get() })
	case "A29g":
		go theCache.update(finished)
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < others; i++ {
			go theCache.reset()
		}
	case "A29h":
		go theCache.refresh()
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < others; i++ {
			go theCache.reset()
		}
	case "A30b":
		go readSettingsTwice()
		time.Sleep(25 * time.Millisecond)
		go writeSettings()
		time.Sleep(100 * time.Millisecond)
		for i := 0; i < others; i++ {
			go readSettings()
		}
	case "A30c":
		go upgradeSettings()
		time.Sleep(50 * time.Millisecond)
		for i := 0; i < others; i++ {
			go readSettings()
		}
	case "A15":
		go theHub.publish()
		go theHub.receive()
		time.Sleep(100 * time.Millisecond)
		for i := 0; i < 10; i++ {
			go theHub.join()
		}
	case "A21":
		go transfer(first, second)
		go transfer(second, first)
		time.Sleep(100 * time.Millisecond)
		for i := 0; i < 10; i++ {
			go transfer(first, second)
		}
	case "A30":
		go readTwice(theSettings)
		time.Sleep(25 * time.Millisecond)
		go write(theSettings)
		time.Sleep(100 * time.Millisecond)
		for i := 0; i < 30; i++ {
			go readAgain(theSettings)
		}
	default:
		return false
	}
	return true
}
