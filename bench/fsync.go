package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// FsyncRate is how often the disk makes 4 KiB at the end of a file durable, one after the other: what a store that waited for the
// disk with every call could reach at most.
type FsyncRate struct {
	PerSecond float64  `json:"perSecond"`
	P50       Duration `json:"p50"`
	P99       Duration `json:"p99"`
}

const (
	fsyncBytes = 4 << 10
	fsyncTime  = 2 * time.Second
)

func (b *bench) fsync(ctx context.Context) (rate FsyncRate, err error) {
	path := filepath.Join(b.dir, "fsync")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return rate, fmt.Errorf("measure the disk: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(path)) }()
	b.say("fsync rate of the disk, %s", fsyncTime)
	block := make([]byte, fsyncBytes)
	var each []time.Duration
	began := time.Now()
	for time.Since(began) < fsyncTime && ctx.Err() == nil {
		before := time.Now()
		if _, err := f.Write(block); err != nil {
			return rate, fmt.Errorf("measure the disk: %w", err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return rate, fmt.Errorf("measure the disk: %w", err)
		}
		each = append(each, time.Since(before))
	}
	rate.PerSecond = float64(len(each)) / time.Since(began).Seconds()
	q := quantiles(each)
	rate.P50, rate.P99 = q.P50, q.P99
	return rate, ctx.Err()
}
