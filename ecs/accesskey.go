package ecs

// KeyRole says what an access key may do at all.
type KeyRole string

// The roles of a stored access key. Task roles have no stored key.
const (
	KeyOperator KeyRole = "operator"
	KeyAgent    KeyRole = "agent"
)

// AccessKey is a credential made with `berth keys create`. Its secret is stored sealed.
type AccessKey struct {
	ID           string  `msg:"i"`
	Name         string  `msg:"n"`
	Role         KeyRole `msg:"r"`
	SealedSecret []byte  `msg:"s"`
	CreatedAt    Time    `msg:"c"`
	RevokedAt    Time    `msg:"v,omitempty"`
}
