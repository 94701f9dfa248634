package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"berth/ecs"
	"berth/state"
)

// metrics are what /metrics shows of a server. It lives over generations.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.HistogramVec
	sessions  *prometheus.GaugeVec
	refusals  *prometheus.CounterVec
	payloads  *prometheus.CounterVec
	ackDelay  prometheus.Histogram
	hooks     *prometheus.CounterVec
	snapshots func() *state.Snapshot
}

func newMetrics(snapshots func() *state.Snapshot) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(), snapshots: snapshots,
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "berth_api_request_duration_seconds", Help: "API calls by operation and error code.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}, []string{"operation", "code"}),
		sessions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "berth_agent_sessions", Help: "Open agent websockets by kind.",
		}, []string{"kind"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "berth_agent_handshakes_refused_total", Help: "Refused agent websockets by kind and exception.",
		}, []string{"kind", "code"}),
		payloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "berth_agent_payload_tasks_total", Help: "Tasks sent to agents; repeated ones were sent before.",
		}, []string{"repeated"}),
		ackDelay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "berth_agent_payload_ack_seconds", Help: "Time until an agent acknowledged a payload.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
		hooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "berth_scaling_hook_calls_total", Help: "Calls of scaling hooks by machine group, action and result.",
		}, []string{"group", "action", "result"}),
	}
	m.registry.MustRegister(m.requests, m.sessions, m.refusals, m.payloads, m.ackDelay, m.hooks, stateCollector{m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) observe(operation, code string, elapsed time.Duration) {
	m.requests.WithLabelValues(operation, code).Observe(elapsed.Seconds())
}

// SessionOpened implements dispatch.Metrics.
func (m *metrics) SessionOpened(kind string) { m.sessions.WithLabelValues(kind).Inc() }

// SessionClosed implements dispatch.Metrics.
func (m *metrics) SessionClosed(kind string) { m.sessions.WithLabelValues(kind).Dec() }

// HandshakeRefused implements dispatch.Metrics.
func (m *metrics) HandshakeRefused(kind, code string) { m.refusals.WithLabelValues(kind, code).Inc() }

// PayloadSent implements dispatch.Metrics.
func (m *metrics) PayloadSent(tasks int, repeated bool) {
	label := "false"
	if repeated {
		label = "true"
	}
	m.payloads.WithLabelValues(label).Add(float64(tasks))
}

// PayloadAcked implements dispatch.Metrics.
func (m *metrics) PayloadAcked(after time.Duration) { m.ackDelay.Observe(after.Seconds()) }

// hookCalled counts a call of a scaling hook.
func (m *metrics) hookCalled(group, action string, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.hooks.WithLabelValues(group, action, result).Inc()
}

// stateCollector counts what the last snapshot holds, when it is asked.
type stateCollector struct{ m *metrics }

var (
	revisionDesc  = prometheus.NewDesc("berth_store_revision", "Commits so far.", nil, nil)
	tasksDesc     = prometheus.NewDesc("berth_tasks", "Tasks of a cluster by state.", []string{"cluster", "state"}, nil)
	instancesDesc = prometheus.NewDesc("berth_container_instances", "Registered instances of a cluster.", []string{"cluster"}, nil)
	reservedDesc  = prometheus.NewDesc("berth_capacity_provider_reservation",
		"CapacityProviderReservation of managed scaling, in percent.", []string{"cluster", "capacity_provider"}, nil)
	recordsDesc = prometheus.NewDesc("berth_task_records", "Task records, stopped ones too.", nil, nil)
)

// Describe implements prometheus.Collector.
func (stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{revisionDesc, tasksDesc, instancesDesc, reservedDesc, recordsDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c stateCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, n float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
	}
	view := c.m.snapshots()
	if view == nil {
		return
	}
	gauge(revisionDesc, float64(view.Revision()))
	gauge(recordsDesc, float64(view.TaskCount()))
	view.ScanClusters("", func(cluster *ecs.Cluster) bool {
		n := view.Counts(cluster.Name)
		gauge(tasksDesc, float64(n.Running.Total()), cluster.Name, "running")
		gauge(tasksDesc, float64(n.Pending.Total()), cluster.Name, "pending")
		gauge(instancesDesc, float64(n.Instances), cluster.Name)
		return true
	})
	view.ScanCapacityProviders("", func(p *ecs.CapacityProvider) bool {
		if p.Scaling.Enabled && p.Cluster != "" {
			gauge(reservedDesc, p.State.Reservation, p.Cluster, p.Name)
		}
		return true
	})
}
