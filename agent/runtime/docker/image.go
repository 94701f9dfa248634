package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/client"

	"berth/agent/runtime"
)

// pullTries is how often a pull is begun when the transfer breaks.
const pullTries = 3

// local is an image on the host.
type local struct {
	id      string
	digests []string
}

// digestOf returns the digest under which the image came from ref's repository, or "".
func (l *local) digestOf(ref reference.Named) string {
	for _, full := range l.digests {
		named, err := reference.ParseNormalizedNamed(full)
		if err != nil || named.Name() != ref.Name() {
			continue
		}
		if digested, ok := named.(reference.Digested); ok {
			return digested.Digest().String()
		}
	}
	return ""
}

// PullImage implements runtime.Images; see the package comment for when a registry is asked.
func (r *Runtime) PullImage(ctx context.Context, image string, policy runtime.PullPolicy) (runtime.Image, error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.PullTimeout)
	defer cancel()
	if strings.HasPrefix(image, "sha256:") {
		return r.localByID(ctx, image)
	}
	ref, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return runtime.Image{}, runtime.NewError(runtime.CannotPullContainer, fmt.Errorf("%q is not an image name: %w", image, err))
	}
	ref = reference.TagNameOnly(ref)
	here, err := r.inspectImage(ctx, image)
	if err != nil {
		return runtime.Image{}, err
	}
	if here != nil && policy != runtime.PullAlways {
		prefersCache := policy == runtime.PullOnce || policy == runtime.PullPreferCached
		if prefersCache || here.digestOf(ref) == "" {
			return runtime.Image{ID: here.id, Digest: here.digestOf(ref), Cached: prefersCache}, nil
		}
	}
	fresh, err := r.fetch(ctx, ref, here)
	if err == nil {
		return fresh, nil
	}
	if here != nil && policy != runtime.PullAlways && !runtime.IsUnavailable(err) && ctx.Err() == nil {
		r.log.Warn("registry did not give the image, using the one on this host", "image", image, "error", err)
		return runtime.Image{ID: here.id, Digest: here.digestOf(ref)}, nil
	}
	return runtime.Image{}, err
}

// localByID serves an image named by its id, which no registry knows.
func (r *Runtime) localByID(ctx context.Context, id string) (runtime.Image, error) {
	here, err := r.inspectImage(ctx, id)
	if err != nil {
		return runtime.Image{}, err
	}
	if here == nil {
		return runtime.Image{}, runtime.NewError(runtime.CannotPullContainer, fmt.Errorf("no image with id %s on this host", id))
	}
	return runtime.Image{ID: here.id}, nil
}

// inspectImage returns nil without an error when the image is not on the host.
func (r *Runtime) inspectImage(ctx context.Context, image string) (*local, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectTimeout)
	defer cancel()
	found, err := r.api.ImageInspect(ctx, image)
	switch {
	case cerrdefs.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fail(ctx, runtime.CannotPullContainer, inspectTimeout, err)
	}
	return &local{id: found.ID, digests: found.RepoDigests}, nil
}

// fetch asks the registry for the image and pulls it unless the host has that very digest.
func (r *Runtime) fetch(ctx context.Context, ref reference.Named, here *local) (runtime.Image, error) {
	digest, err := r.manifest(ctx, ref)
	if err != nil {
		return runtime.Image{}, err
	}
	if here != nil && digest == here.digestOf(ref) {
		return runtime.Image{ID: here.id, Digest: digest}, nil
	}
	if err := r.transfer(ctx, ref); err != nil {
		return runtime.Image{}, err
	}
	now, err := r.inspectImage(ctx, ref.String())
	if err != nil {
		return runtime.Image{}, err
	}
	if now == nil {
		return runtime.Image{}, runtime.NewError(runtime.CannotPullContainer, fmt.Errorf("%s was pulled but is not on the host", ref))
	}
	return runtime.Image{ID: now.id, Digest: now.digestOf(ref)}, nil
}

// manifest asks the registry for the image's digest. What the registry refuses is CannotPullContainerError, what it
// does not answer is CannotPullImageManifestError.
func (r *Runtime) manifest(ctx context.Context, ref reference.Named) (string, error) {
	bounded, cancel := context.WithTimeout(ctx, r.config.ManifestTimeout)
	defer cancel()
	found, err := r.api.DistributionInspect(bounded, reference.FamiliarString(ref), client.DistributionInspectOptions{})
	switch {
	case err == nil:
		return found.Descriptor.Digest.String(), nil
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return "", runtime.NewError(runtime.CannotPullImageManifest,
			fmt.Errorf("the registry of %s did not answer within %s: %w", reference.FamiliarString(ref), r.config.ManifestTimeout, err))
	case cerrdefs.IsNotFound(err) || cerrdefs.IsUnauthorized(err) || cerrdefs.IsPermissionDenied(err) || refused(err):
		return "", runtime.NewError(runtime.CannotPullContainer,
			fmt.Errorf("%s: image not found, or it needs a login: %s", reference.FamiliarString(ref), engineText(err)))
	default:
		return "", withImage(fail(ctx, runtime.CannotPullImageManifest, r.config.ManifestTimeout, err), ref)
	}
}

// refused recognises the registry's no in the texts of engines that answer it with a plain 500.
func refused(err error) bool {
	text := err.Error()
	return strings.Contains(text, "manifest unknown") || strings.Contains(text, "denied") || strings.Contains(text, "unauthorized")
}

// withImage puts the image's name into a named error's text.
func withImage(err error, ref reference.Named) error {
	var named *runtime.Error
	if !errors.As(err, &named) {
		return err
	}
	return runtime.NewError(named.Name, fmt.Errorf("%s: %w", reference.FamiliarString(ref), named.Err))
}

// transfer pulls the layers and begins again when the connection to the registry breaks.
func (r *Runtime) transfer(ctx context.Context, ref reference.Named) error {
	var err error
	for try := range pullTries {
		if try > 0 {
			r.log.Warn("pull broke off, trying again", "image", ref.String(), "try", try+1, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(try) * time.Second):
			}
		}
		if err = r.transferOnce(ctx, ref); err == nil || ctx.Err() != nil || !transient(err) {
			break
		}
	}
	return withImage(fail(ctx, runtime.CannotPullContainer, r.config.PullTimeout, err), ref)
}

func (r *Runtime) transferOnce(ctx context.Context, ref reference.Named) error {
	stream, err := r.api.ImagePull(ctx, ref.String(), client.ImagePullOptions{})
	if err != nil {
		return err
	}
	defer stream.Close()
	return stream.Wait(ctx)
}

// transient tells a broken transfer from a refusal.
func transient(err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	text := err.Error()
	for _, sign := range []string{"connection reset", "unexpected EOF", "timeout", "TLS handshake", "503", "502"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
