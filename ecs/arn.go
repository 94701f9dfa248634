package ecs

import (
	"strconv"
	"strings"
)

// Realm is the account and region every ARN of this installation carries.
type Realm struct {
	Region  string
	Account string
}

func (r Realm) arn(kind, rest string) string {
	return "arn:aws:ecs:" + r.Region + ":" + r.Account + ":" + kind + "/" + rest
}

// ClusterARN names a cluster.
func (r Realm) ClusterARN(name string) string { return r.arn("cluster", name) }

// TaskARN names a task, in the long form (semantics.md 1.6).
func (r Realm) TaskARN(cluster string, id TaskID) string {
	return r.arn("task", cluster+"/"+string(id))
}

// InstanceARN names a container instance.
func (r Realm) InstanceARN(cluster string, id InstanceID) string {
	return r.arn("container-instance", cluster+"/"+string(id))
}

// ContainerARN names a container of a task.
func (r Realm) ContainerARN(cluster string, task TaskID, id string) string {
	return r.arn("container", cluster+"/"+string(task)+"/"+id)
}

// TaskDefinitionARN names a revision.
func (r Realm) TaskDefinitionARN(family string, revision int32) string {
	return r.arn("task-definition", family+":"+strconv.Itoa(int(revision)))
}

// ServiceARN names a service.
func (r Realm) ServiceARN(cluster, name string) string { return r.arn("service", cluster+"/"+name) }

// CapacityProviderARN names a capacity provider.
func (r Realm) CapacityProviderARN(name string) string { return r.arn("capacity-provider", name) }

// Ref is a parsed reference to a resource: the last part of an ARN or the plain name, and the cluster the ARN carried ("" when
// a plain name or a short ARN was given).
type Ref struct {
	Cluster string
	ID      string
}

// ParseRef reads a plain id or a full ARN of the given kind ("cluster", "task", "container-instance", …). Long and short ARNs
// are accepted (features.md G20). An ARN of another account, region or kind is an InvalidParameterException.
func (r Realm) ParseRef(kind, s string) (Ref, error) {
	if !strings.HasPrefix(s, "arn:") {
		return parsePlainRef(kind, s)
	}
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[2] != "ecs" {
		return Ref{}, InvalidParameterf("Invalid arn syntax")
	}
	if parts[3] != r.Region || parts[4] != r.Account {
		return Ref{}, InvalidParameterf("The ARN %s belongs to another account or region.", s)
	}
	rest, ok := strings.CutPrefix(parts[5], kind+"/")
	if !ok || rest == "" {
		return Ref{}, InvalidParameterf("Invalid identifier: expected an ARN of a %s.", kind)
	}
	if kind == "cluster" || kind == "task-definition" {
		return Ref{ID: rest}, nil
	}
	if cluster, id, ok := strings.Cut(rest, "/"); ok {
		return Ref{Cluster: cluster, ID: id}, nil
	}
	return Ref{ID: rest}, nil
}

// parsePlainRef accepts "id" and, for what lives in a cluster, "cluster/id".
func parsePlainRef(kind, s string) (Ref, error) {
	if kind != "cluster" {
		if cluster, id, ok := strings.Cut(s, "/"); ok {
			return Ref{Cluster: cluster, ID: id}, nil
		}
	}
	return Ref{ID: s}, nil
}
