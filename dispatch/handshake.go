package dispatch

import (
	"errors"
	"net"
	"net/http"

	"berth/api/acs"
	"berth/api/auth"
	"berth/ecs"
	"berth/state"
)

// The exceptions of a refused handshake (agent-protocol.md 6). Only InactiveInstanceException changes what an agent does; the
// others are for whoever reads its log.
const (
	codeServer          = "ServerException"
	codeBadRequest      = "BadRequestException"
	codeInvalidCluster  = "InvalidClusterException"
	codeInvalidInstance = "InvalidInstanceException"
	codeAccessDenied    = "AccessDeniedException"
)

// admission is a handshake that was verified.
type admission struct {
	instance *ecs.Instance
	keyID    string
	remote   string // address of the peer, without its port
	query    acs.SessionQuery
}

// admit verifies a handshake and finds the instance it is about, or says why not.
func (d *Dispatcher) admit(r *http.Request, operation, cluster, instance string) (admission, *acs.Refusal) {
	p, err := d.cfg.Auth.AuthenticateHandshake(r)
	if err != nil {
		return admission{}, refusal(err)
	}
	if err := auth.Authorize(p, "ecs", operation); err != nil {
		return admission{}, refusal(err)
	}
	i, refused := d.findInstance(d.cfg.Store.Snapshot(), cluster, instance)
	if refused != nil {
		return admission{}, refused
	}
	if !mayActFor(p, i) {
		return admission{}, refusal(auth.Denied(p, "ecs", operation, d.cfg.Realm.InstanceARN(i.Cluster, i.ID)))
	}
	return admission{instance: i, keyID: p.KeyID, remote: remoteHost(r)}, nil
}

// mayActFor reports whether a principal may be the agent of an instance: an agent's key only for what it registered itself.
func mayActFor(p auth.Principal, i *ecs.Instance) bool {
	return p.Role == auth.RoleOperator || p.Role == auth.RoleAgent && p.KeyID == i.Owner
}

// findInstance resolves what an agent says it is. cluster is a name or an ARN; empty is the default cluster's name.
func (d *Dispatcher) findInstance(v *state.Snapshot, cluster, instance string) (*ecs.Instance, *acs.Refusal) {
	c, err := d.cfg.Realm.ParseRef("cluster", cluster)
	if err != nil {
		return nil, &acs.Refusal{Code: codeInvalidCluster, Text: message(err)}
	}
	ref, err := d.cfg.Realm.ParseRef("container-instance", instance)
	if err != nil {
		return nil, &acs.Refusal{Code: codeInvalidInstance, Text: message(err)}
	}
	i := v.InstanceByID(ecs.InstanceID(ref.ID))
	switch {
	case i == nil:
		return nil, &acs.Refusal{Code: codeInvalidInstance, Text: "The referenced container instance was not found."}
	case i.Status == ecs.InstanceInactive:
		return nil, &acs.Refusal{Code: acs.InactiveInstance, Text: "The referenced container instance was deregistered."}
	case i.Cluster != orElse(c.ID, ecs.DefaultCluster):
		return nil, &acs.Refusal{Code: codeInvalidCluster, Text: "The container instance is registered in cluster " + i.Cluster + "."}
	}
	return i, nil
}

// refusal turns an error with an exception's name into the refusal of a handshake.
func refusal(err error) *acs.Refusal {
	var named interface {
		ErrorCode() string
		ErrorMessage() string
	}
	if errors.As(err, &named) {
		return &acs.Refusal{Code: named.ErrorCode(), Text: named.ErrorMessage()}
	}
	return &acs.Refusal{Code: codeServer, Text: "The server could not take the session."}
}

func message(err error) string {
	var named interface{ ErrorMessage() string }
	if errors.As(err, &named) {
		return named.ErrorMessage()
	}
	return err.Error()
}

// refuse answers a handshake in the form agents read.
func (d *Dispatcher) refuse(w http.ResponseWriter, r *http.Request, kind string, why *acs.Refusal) {
	d.cfg.Metrics.HandshakeRefused(kind, why.Code)
	d.log.Info("agent handshake refused", "kind", kind, "remote", r.RemoteAddr, "code", why.Code, "reason", why.Text)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(refusalStatus(why.Code))
	_, _ = w.Write(why.Body()) // the peer may be gone already
}

func refusalStatus(code string) int {
	switch code {
	case codeServer:
		return http.StatusServiceUnavailable
	case codeBadRequest, codeInvalidCluster, codeInvalidInstance, acs.InactiveInstance:
		return http.StatusBadRequest
	}
	return http.StatusForbidden
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
