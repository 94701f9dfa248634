package supervisor

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"

	"berth/api/acs"
)

// maxTask bounds what a label may unpack to.
const maxTask = acs.MaxFrameBytes

// EncodeTask packs a task into the text of runtime.LabelTask. Credentials are left out: none are kept on disk
// (agent-protocol.md 14).
func EncodeTask(task acs.Task) (string, error) {
	task.RoleCredentials, task.ExecutionRoleCredentials = nil, nil
	text, err := json.Marshal(task, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("pack task: %w", err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		return "", fmt.Errorf("pack task: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("pack task: %w", err)
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

// DecodeTask unpacks what EncodeTask packed.
func DecodeTask(label string) (acs.Task, error) {
	var task acs.Task
	packed, err := base64.StdEncoding.DecodeString(label)
	if err != nil {
		return task, fmt.Errorf("unpack task: %w", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return task, fmt.Errorf("unpack task: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxTask))
	if err != nil {
		return task, fmt.Errorf("unpack task: %w", err)
	}
	if err := json.Unmarshal(text, &task); err != nil {
		return task, fmt.Errorf("unpack task: %w", err)
	}
	return task, nil
}
