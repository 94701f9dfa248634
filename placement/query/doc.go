// Package query is the cluster query language: it reads an expression such as
//
//	attribute:stack == prod and not (task:group == service:batch)
//
// and says of a container instance whether it matches, and if not, why. memberOf constraints and the filter of
// ListContainerInstances are written in it (features.md B5.3, semantics.md 4.1; the grammar is in docs/query-language.md).
//
//	text ─▶ lexer ─▶ parser ─▶ Expr ─▶ Eval(Subject)     true or false, without allocating
//	                             ├──▶ Explain(Subject)   the leaf that fails, in words
//	                             └──▶ String()           the canonical form
//
// It must not know where instances are kept: the caller answers the questions of Subject. It is pure; an Expr never changes after
// Parse and may be used by any number of goroutines.
//
// Invariants:
//   - Parse never panics and its work is bounded: by MaxLength, by the nesting, and by the size of patterns.
//   - Parse(e.String()) succeeds and means the same as e.
//   - A negated operator is true exactly where its positive one is false, also when the subject has no such value.
package query
