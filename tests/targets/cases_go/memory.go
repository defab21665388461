package main

import "time"

// B05b: what is remembered is never forgotten, in a program that has no profile of its memory.
var remembered [][]byte

func remember() {
	const page = 4096
	block := make([]byte, 16*page)
	for i := 0; i < len(block); i += page {
		block[i] = 1
	}
	remembered = append(remembered, block)
}

func rememberForEver() {
	for {
		remember()
		time.Sleep(10 * time.Millisecond)
	}
}
