package main

import (
	"context"
	"io"
	"net"
	"time"
)

// delayed forwards TCP connections to a host and holds every chunk back for
// half of a round trip in each direction. It limits no throughput.
func delayed(ctx context.Context, host string, roundTrip time.Duration) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			go forward(ctx, c, host, roundTrip/2)
		}
	}()
	return l.Addr().String(), nil
}

func forward(ctx context.Context, client net.Conn, host string, delay time.Duration) {
	time.Sleep(2 * delay) // the round trip of the handshake
	upstream, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		_ = client.Close()
		return
	}
	go hold(upstream, client, delay)
	hold(client, upstream, delay)
}

type chunk struct {
	data []byte
	due  time.Time
}

// hold copies src to dst, each chunk when its time has come.
func hold(dst, src net.Conn, delay time.Duration) {
	chunks := make(chan chunk, 1024)
	go func() {
		defer close(chunks)
		for {
			buf := make([]byte, 32<<10)
			n, err := src.Read(buf)
			if n > 0 {
				chunks <- chunk{buf[:n], time.Now().Add(delay)}
			}
			if err != nil {
				return
			}
		}
	}()
	for c := range chunks {
		time.Sleep(time.Until(c.due))
		if _, err := dst.Write(c.data); err != nil {
			break
		}
	}
	_ = dst.Close()
	_, _ = io.Copy(io.Discard, src)
	_ = src.Close()
}
