package pebble

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"berth/store"
)

// Options of an engine; the zero value is right for a server.
type Options struct {
	// Logger gets pebble's errors, and its chatter at debug level; nil means slog.Default.
	Logger *slog.Logger
	// FS replaces the operating system's files, for tests.
	FS vfs.FS
}

// Everything is read once, at the start, and lives in memory from then on: caches would hold it twice.
const (
	cacheBytes    = 8 << 20
	memTableBytes = 16 << 20
	maxOpenFiles  = 256
)

// closeWait is how long Close waits, after a failure, for the last write under way.
const closeWait = 5 * time.Second

var errClosed = errors.New("the engine is closed")

// Engine is a [store.Engine] on a directory.
type Engine struct {
	health *health
	valve  *valve
	lock   io.Closer
	db     *pebble.DB

	revision uint64 // when opened
	commits  chan store.Entry
	results  chan error
	closed   chan struct{} // closed by Close
	stopped  chan struct{} // closed when the worker ended
	once     sync.Once
	closeErr error
}

// Open makes or opens the data directory. Its error is [ErrInUse], [ErrNewer] or [ErrForeign] where those apply.
func Open(dir string, opts Options) (*Engine, error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.FS == nil {
		opts.FS = vfs.Default
	}
	e := &Engine{
		health:  newHealth(dir, opts.Logger.With("component", "pebble")),
		commits: make(chan store.Entry),
		results: make(chan error, 1),
		closed:  make(chan struct{}),
		stopped: make(chan struct{}),
	}
	e.valve = &valve{FS: opts.FS, health: e.health}
	if err := opts.FS.MkdirAll(dir, 0o700); err != nil {
		return nil, e.health.explain(err)
	}
	if err := e.takeLock(opts.FS, dir); err != nil {
		return nil, e.health.explain(err)
	}
	if err := e.open(opts.FS, dir); err != nil {
		close(e.stopped) // there is no worker
		return nil, errors.Join(err, e.Close())
	}
	go e.work()
	return e, nil
}

func (e *Engine) takeLock(fs vfs.FS, dir string) error {
	lock, err := fs.Lock(fs.PathJoin(dir, "LOCK"))
	switch {
	case err == nil:
		e.lock = lock
		return nil
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EACCES), isHeldByUs(err):
		return fmt.Errorf("%w (%w)", ErrInUse, err)
	default:
		return fmt.Errorf("lock: %w", err)
	}
}

// isHeldByUs recognizes the one refusal for which pebble has no error value: two servers in one process.
func isHeldByUs(err error) bool {
	return err.Error() == "lock held by current process"
}

// open runs pebble's start beside a watch on its health, for a fatal error would leave it standing.
func (e *Engine) open(fs vfs.FS, dir string) error {
	if err := claim(fs, dir); err != nil {
		return e.health.explain(err)
	}
	type opened struct {
		db       *pebble.DB
		revision uint64
		err      error
	}
	result := make(chan opened, 1)
	go func() {
		db, err := pebble.Open(dir, e.options())
		if err != nil {
			result <- opened{err: err}
			return
		}
		revision, err := verify(db)
		result <- opened{db, revision, err}
	}()
	select {
	case o := <-result:
		e.db, e.revision = o.db, o.revision
		if o.err != nil {
			return e.health.explain(o.err)
		}
		return nil
	case <-e.health.failed:
		return e.health.err
	}
}

func (e *Engine) options() *pebble.Options {
	return &pebble.Options{
		FS:                          e.valve,
		Logger:                      e.health,
		EventListener:               &pebble.EventListener{BackgroundError: e.health.fail},
		FormatMajorVersion:          pebbleFormat,
		CacheSize:                   cacheBytes,
		MemTableSize:                memTableBytes,
		MemTableStopWritesThreshold: 4,
		MaxOpenFiles:                maxOpenFiles,
	}
}

// Lead implements [store.Engine]: the directory's lock, held since Open.
func (e *Engine) Lead(context.Context) (store.Lead, error) { return lead{e}, nil }

// Load implements [store.Engine].
func (e *Engine) Load(ctx context.Context, fn func(key, value []byte) error) (revision uint64, err error) {
	snap := e.db.NewSnapshot()
	defer func() { err = errors.Join(err, snap.Close()) }()
	if revision, err = readRevision(snap); err != nil {
		return 0, err
	}
	it, err := snap.NewIter(&pebble.IterOptions{LowerBound: firstRecord})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.First(); it.Valid(); it.Next() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := fn(it.Key(), it.Value()); err != nil {
			return 0, err
		}
	}
	return revision, it.Error()
}

// Follow implements [store.Engine]. Nobody else can commit, so there is nothing to wait for but the end.
func (e *Engine) Follow(ctx context.Context, _ uint64, _ func(store.Entry) error) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-e.health.failed:
		return e.health.err
	case <-e.closed:
		return errClosed
	}
}

// Limits implements [store.Engine]: pebble takes a batch of any size that fits in memory.
func (e *Engine) Limits() store.Limits { return store.Limits{} }
