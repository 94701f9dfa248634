package ecs

// ClusterStatus is the state of a cluster. ECS: features.md B1.4.
type ClusterStatus string

// The states a Berth cluster can be in.
const (
	ClusterActive   ClusterStatus = "ACTIVE"
	ClusterInactive ClusterStatus = "INACTIVE"
)

// DefaultCluster is the cluster of every request that names none (features.md A1).
const DefaultCluster = "default"

// Cluster is a group of instances, tasks and services.
type Cluster struct {
	Name          string                `msg:"n"`
	Status        ClusterStatus         `msg:"s"`
	CreatedAt     Time                  `msg:"c"`
	InactiveAt    Time                  `msg:"i,omitempty"`
	Settings      []Setting             `msg:"g,omitempty"`
	Tags          []Tag                 `msg:"t,omitempty"`
	Configuration *ClusterConfiguration `msg:"f,omitempty"`
	// Request is the digest of the arguments it was created with, so that a repeated CreateCluster can be told from
	// a different one (semantics.md 1.3).
	Request string `msg:"r,omitempty"`
	// CapacityProviders are associated with the cluster; DefaultStrategy holds for tasks that name neither strategy nor launch type.
	CapacityProviders []string       `msg:"p,omitempty"`
	DefaultStrategy   []StrategyItem `msg:"d,omitempty"`
	// AttachmentsStatus is how the last change of the providers went; "" when there was none.
	AttachmentsStatus string `msg:"a,omitempty"`
}

// ClusterConfiguration holds what a cluster says of exec sessions.
type ClusterConfiguration struct {
	ExecuteCommand *ExecuteCommandConfiguration `msg:"e,omitempty"`
}

// ExecuteCommandConfiguration says where exec sessions are logged. ECS: features.md A.2.
type ExecuteCommandConfiguration struct {
	KMSKeyID             string `msg:"k,omitempty"`
	Logging              string `msg:"l,omitempty"`
	HasLogConfiguration  bool   `msg:"h,omitempty"`
	CloudWatchLogGroup   string `msg:"g,omitempty"`
	CloudWatchEncryption *bool  `msg:"e,omitempty"`
	S3Bucket             string `msg:"b,omitempty"`
	S3Encryption         *bool  `msg:"n,omitempty"`
	S3KeyPrefix          string `msg:"p,omitempty"`
}
