package ecs

// ScalingState is what managed scaling of a capacity provider remembers between its looks, so that a restart of the server changes
// nothing. The zero value is a provider that was never looked at.
type ScalingState struct {
	// Reservation is CapacityProviderReservation as last computed, in percent.
	Reservation float64 `msg:"r,omitempty"`
	// LowPoints counts the consecutive points, one a minute, at which fewer instances would do; PointAt is the last point's time.
	LowPoints int  `msg:"l,omitempty"`
	PointAt   Time `msg:"p,omitempty"`
	// Requests are the hosts asked for that have not joined yet, oldest first; one older than the warm-up period is given up.
	Requests []ScaleOutRequest `msg:"q,omitempty"`
	// ScaledOutAt is when hosts were last asked for.
	ScaledOutAt Time `msg:"o,omitempty"`
	// JoinedAt is the newest registration that was already counted against Requests.
	JoinedAt Time `msg:"j,omitempty"`
	// Leaving are the instances that managed scaling drains in order to give up their hosts.
	Leaving []InstanceID `msg:"g,omitempty"`
}

// ScaleOutRequest is a number of hosts asked for at once that still have to join.
type ScaleOutRequest struct {
	At    Time `msg:"t"`
	Hosts int  `msg:"n"`
}

// HostAttribute names the host of an instance to the scaling hook that made it.
const HostAttribute = "berth.host"

// HostName is what a scaling hook knows an instance's host by: its [HostAttribute], else its EC2 instance id, else its own id.
func (i *Instance) HostName() string {
	if name, ok := i.Attribute(HostAttribute); ok && name != "" {
		return name
	}
	if i.EC2InstanceID != "" {
		return i.EC2InstanceID
	}
	return string(i.ID)
}
