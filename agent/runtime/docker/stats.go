package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"berth/agent/runtime"
)

// Stats implements runtime.Host with one stream for the container's whole life: the engine samples once a second.
func (r *Runtime) Stats(ctx context.Context, id string, handle func(runtime.Stats)) error {
	result, err := r.api.ContainerStats(ctx, id, client.ContainerStatsOptions{Stream: true})
	if err != nil {
		return fail(ctx, runtime.DockerState, 0, err)
	}
	defer result.Body.Close()
	decoder := json.NewDecoder(result.Body)
	for {
		var sample container.StatsResponse
		if err := decoder.Decode(&sample); err != nil {
			if errors.Is(err, io.EOF) || ctx.Err() != nil {
				return nil
			}
			return fail(ctx, runtime.DockerState, 0, err)
		}
		if sample.Read.Year() <= 1 {
			continue // the container has stopped
		}
		handle(usage(sample))
	}
}

func usage(s container.StatsResponse) runtime.Stats {
	out := runtime.Stats{
		At: s.Read, CPUNanos: s.CPUStats.CPUUsage.TotalUsage, MemoryBytes: used(s.MemoryStats), NetworkAbsent: len(s.Networks) == 0,
	}
	if !out.NetworkAbsent {
		out.Network = make(map[string]runtime.NetworkStats, len(s.Networks))
	}
	for name, n := range s.Networks {
		out.Network[name] = runtime.NetworkStats{
			RxBytes: n.RxBytes, RxPackets: n.RxPackets, RxErrors: n.RxErrors, RxDropped: n.RxDropped,
			TxBytes: n.TxBytes, TxPackets: n.TxPackets, TxErrors: n.TxErrors, TxDropped: n.TxDropped,
		}
	}
	for _, entry := range s.BlkioStats.IoServiceBytesRecursive {
		switch entry.Op {
		case "Read", "read":
			out.ReadBytes += entry.Value
		case "Write", "write":
			out.WriteBytes += entry.Value
		}
	}
	return out
}

// used is memory without the page cache that the kernel would give back, as docker stats counts it: cgroup v1 calls it
// total_inactive_file, v2 inactive_file.
func used(m container.MemoryStats) uint64 {
	cache, ok := m.Stats["total_inactive_file"]
	if !ok {
		cache = m.Stats["inactive_file"]
	}
	if cache < m.Usage {
		return m.Usage - cache
	}
	return m.Usage
}
