package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"berth/api/awsjson"
	"berth/api/ecs/wire"
	"berth/api/sigv4"
)

// What every benchmark runs: one cluster, one family of one container.
const (
	cluster   = "bench"
	family    = "bench"
	container = "main"
	// image is named, and never pulled, by simulated agents.
	image = "bench/image:1"
)

// api is an ordinary client, for whatever is not measured.
func (b *bench) api(url string) *awsjson.Client {
	return &awsjson.Client{
		Endpoint: url, TargetPrefix: wire.TargetPrefix, HTTP: &http.Client{Timeout: callPatience},
		Sign: func(r *http.Request, body []byte) error {
			return sigv4.SignRequest(r, b.root, region, "ecs", body, time.Now())
		},
	}
}

// found makes the cluster and the definition.
func found(ctx context.Context, api *awsjson.Client, main wire.ContainerDefinition) error {
	if err := api.Call(ctx, "CreateCluster", wire.CreateClusterInput{ClusterName: new(cluster)}, nil); err != nil {
		return fmt.Errorf("make the cluster: %w", err)
	}
	return define(ctx, api, main)
}

func define(ctx context.Context, api *awsjson.Client, main wire.ContainerDefinition) error {
	err := api.Call(ctx, "RegisterTaskDefinition", wire.RegisterTaskDefinitionInput{
		Family: new(family), ContainerDefinitions: []wire.ContainerDefinition{main},
	}, nil)
	if err != nil {
		return fmt.Errorf("make the task definition: %w", err)
	}
	return nil
}

// simulated is the container of the tasks that run nowhere.
func simulated() wire.ContainerDefinition {
	return wire.ContainerDefinition{
		Name: new(container), Image: new(image), Essential: new(true), Cpu: new(int32(10)), Memory: new(int32(16)),
		Command:     []string{"/bin/service", "--listen", ":8080"},
		Environment: []wire.KeyValuePair{{Name: new("LOG_LEVEL"), Value: new("info")}, {Name: new("STAGE"), Value: new("bench")}},
	}
}
