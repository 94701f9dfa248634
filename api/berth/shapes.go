package berth

import "berth/api/awsjson"

// TargetPrefix stands before the dot in X-Amz-Target of Berth's own operations.
const TargetPrefix = "Berth_20261121"

// CreateAccessKeyInput asks for a key. Role is operator or agent; Name is shown in lists and in ARNs.
type CreateAccessKeyInput struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// CreateAccessKeyOutput holds the secret: it is shown once and never again.
type CreateAccessKeyOutput struct {
	AccessKey       AccessKey `json:"accessKey"`
	SecretAccessKey string    `json:"secretAccessKey"`
}

// AccessKey is what may be shown of a key. Times are in seconds since the Unix epoch; 0 means never.
type AccessKey struct {
	AccessKeyID string  `json:"accessKeyId"`
	Name        string  `json:"name"`
	Role        string  `json:"role"`
	CreatedAt   float64 `json:"createdAt"`
	RevokedAt   float64 `json:"revokedAt,omitzero"`
}

// ListAccessKeysInput has no members.
type ListAccessKeysInput struct{}

// ListAccessKeysOutput lists every key, revoked ones too, in order of id.
type ListAccessKeysOutput struct {
	AccessKeys []AccessKey `json:"accessKeys"`
}

// RevokeAccessKeyInput names a key to end.
type RevokeAccessKeyInput struct {
	AccessKeyID string `json:"accessKeyId"`
}

// RevokeAccessKeyOutput shows the ended key.
type RevokeAccessKeyOutput struct {
	AccessKey AccessKey `json:"accessKey"`
}

// Operations is the target table.
func Operations() []awsjson.Operation {
	return []awsjson.Operation{
		{Name: "CreateAccessKey", NewInput: func() any { return new(CreateAccessKeyInput) }},
		{Name: "ListAccessKeys", NewInput: func() any { return new(ListAccessKeysInput) }},
		{Name: "RevokeAccessKey", NewInput: func() any { return new(RevokeAccessKeyInput) }},
		{Name: "ExplainPlacement", NewInput: func() any { return new(ExplainPlacementInput) }},
	}
}
