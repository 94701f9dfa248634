package bench

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"berth/api/sigv4"
)

// Config is what the benchmarks have in common.
type Config struct {
	// Binary is the berth to start; "" is the running program.
	Binary string
	// Dir is where the temporary folder is made; "" is the system's place for such.
	Dir string
	// ServerFlags are added to the server's command line.
	ServerFlags []string
	// JSON writes results for machines to Out, one object per benchmark, instead of tables.
	JSON bool
	Out  io.Writer
	// Progress gets a line a second; nil means none.
	Progress io.Writer
}

// Machine is what a figure is worthless without.
type Machine struct {
	Date       string `json:"date"`
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	MemoryMiB  int64  `json:"memoryMiB"`
	Kernel     string `json:"kernel"`
	Go         string `json:"go"`
	FileSystem string `json:"fileSystem,omitempty"`
}

func machine(dir string) Machine {
	return Machine{
		Date: time.Now().UTC().Format(time.DateOnly), CPU: procLine("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(),
		MemoryMiB: kilobytes(procLine("/proc/meminfo", "MemTotal")) >> 10, Kernel: kernel(), Go: runtime.Version(),
		FileSystem: fileSystem(dir),
	}
}

func (m Machine) String() string {
	s := fmt.Sprintf("%s: %s, %d cores, %d MiB, Linux %s, %s", m.Date, m.CPU, m.Cores, m.MemoryMiB, m.Kernel, m.Go)
	if m.FileSystem != "" {
		s += ", data on " + m.FileSystem
	}
	return s
}

// bench is one run: its folder, its credentials and where it speaks.
type bench struct {
	cfg    Config
	dir    string
	binary string
	root   sigv4.Credentials
}

// begin makes the run's folder; end removes it.
func begin(cfg Config) (*bench, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the benchmarks read processor time and memory from /proc: they run on Linux only")
	}
	b := &bench{cfg: cfg, binary: cfg.Binary, root: sigv4.Credentials{AccessKeyID: "bench", SecretAccessKey: rand.Text()}}
	if b.binary == "" {
		own, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the running program: %w", err)
		}
		b.binary = own
	}
	dir, err := os.MkdirTemp(cfg.Dir, "berth-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the data: %w", err)
	}
	b.dir = dir
	return b, nil
}

func (b *bench) end() { _ = os.RemoveAll(b.dir) }

// result is what a benchmark found: it can be printed for people and encoded for machines.
type result interface {
	print(w io.Writer)
}

// show writes a result the way the configuration asks for.
func (b *bench) show(r result) error {
	if !b.cfg.JSON {
		r.print(b.cfg.Out)
		return nil
	}
	encoder := json.NewEncoder(b.cfg.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// say writes a line of progress.
func (b *bench) say(format string, args ...any) {
	if b.cfg.Progress != nil {
		fmt.Fprintf(b.cfg.Progress, "bench: "+strings.TrimSuffix(format, "\n")+"\n", args...)
	}
}
