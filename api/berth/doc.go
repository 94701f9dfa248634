// Package berth is what ECS has no call for: access keys, and why a task is or is not placed (ExplainPlacement). Its operations use
// the same awsJson1.1 front door and the same signatures as ECS, under their own target prefix; only operators may call them.
//
// [KeyRing] is the other side of the keys: it opens the sealed secrets for the authenticator. Explanations read a snapshot and change
// a copy of it; they never go through the store's commit loop.
package berth
