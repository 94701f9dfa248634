package architecture

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

func rangesOverMap(info *types.Info, loop *ast.RangeStmt) bool {
	t := info.TypeOf(loop.X)
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Map)
	return ok && (loop.Key != nil || loop.Value != nil)
}

// mapIterator reports whether a selector is maps.Keys, maps.Values or maps.All.
func mapIterator(info *types.Info, sel *ast.SelectorExpr) bool {
	obj := info.Uses[sel.Sel]
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == "maps" &&
		slices.Contains([]string{"Keys", "Values", "All"}, obj.Name())
}

// orderedKeys returns the map iterators that go straight into slices.Sorted and its kin.
func orderedKeys(info *types.Info, file *ast.File) map[*ast.SelectorExpr]bool {
	ordered := map[*ast.SelectorExpr]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 || !strings.HasPrefix(calledName(info, call), "slices.Sorted") {
			return true
		}
		if inner, ok := call.Args[0].(*ast.CallExpr); ok {
			if sel, ok := inner.Fun.(*ast.SelectorExpr); ok {
				ordered[sel] = true
			}
		}
		return true
	})
	return ordered
}

// calledName returns "package.Function" for a call of a package's function, and "" for all others.
func calledName(info *types.Info, call *ast.CallExpr) string {
	fun := call.Fun
	if index, ok := fun.(*ast.IndexExpr); ok {
		fun = index.X // explicit type argument
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	obj := info.Uses[sel.Sel]
	if obj == nil || obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
		return ""
	}
	return obj.Pkg().Path() + "." + obj.Name()
}

// orderFree reports whether nobody can see the order of a loop over a map: its body only fills another map under the
// loop's key, deletes, counts in whole numbers, or collects into slices that the same function sorts afterwards.
func orderFree(info *types.Info, loop *ast.RangeStmt, function ast.Node) bool {
	b := body{info: info, key: identName(loop.Key)}
	if !b.harmless(loop.Body.List) {
		return false
	}
	for _, slice := range b.collected {
		if !sortedAfter(info, function, slice, loop.End()) {
			return false
		}
	}
	return true
}

// body judges the statements inside a loop over a map.
type body struct {
	info      *types.Info
	key       string
	collected []string // slices that are appended to
}

func (b *body) harmless(list []ast.Stmt) bool {
	return !slices.ContainsFunc(list, func(s ast.Stmt) bool { return !b.harmlessStmt(s) })
}

func (b *body) harmlessStmt(stmt ast.Stmt) bool {
	switch s := stmt.(type) {
	case *ast.IfStmt:
		return (s.Init == nil || b.harmlessStmt(s.Init)) && b.harmless(s.Body.List) && (s.Else == nil || b.harmlessStmt(s.Else))
	case *ast.BlockStmt:
		return b.harmless(s.List)
	case *ast.BranchStmt:
		return s.Tok == token.CONTINUE
	case *ast.IncDecStmt:
		return true
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		return ok && b.builtin(call.Fun, "delete")
	case *ast.AssignStmt:
		return b.harmlessAssign(s)
	}
	return false
}

func (b *body) harmlessAssign(s *ast.AssignStmt) bool {
	if s.Tok == token.DEFINE {
		return true // a name of the loop's own
	}
	if len(s.Lhs) != 1 || len(s.Rhs) != 1 {
		return false
	}
	left, right := s.Lhs[0], s.Rhs[0]
	if s.Tok == token.ADD_ASSIGN || s.Tok == token.SUB_ASSIGN {
		basic, ok := b.info.TypeOf(left).Underlying().(*types.Basic)
		return ok && basic.Info()&types.IsInteger != 0
	}
	if s.Tok != token.ASSIGN {
		return false
	}
	if index, ok := left.(*ast.IndexExpr); ok {
		_, toMap := b.info.TypeOf(index.X).Underlying().(*types.Map)
		return toMap && b.key != "" && identName(index.Index) == b.key
	}
	call, ok := right.(*ast.CallExpr)
	if ok && b.builtin(call.Fun, "append") && types.ExprString(call.Args[0]) == types.ExprString(left) {
		b.collected = append(b.collected, types.ExprString(left))
		return true
	}
	return false
}

func (b *body) builtin(fun ast.Expr, name string) bool {
	id, ok := fun.(*ast.Ident)
	if !ok || id.Name != name {
		return false
	}
	_, ok = b.info.Uses[id].(*types.Builtin)
	return ok
}

func identName(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
		return id.Name
	}
	return ""
}

// sortedAfter reports whether the function sorts the slice somewhere behind a position.
func sortedAfter(info *types.Info, function ast.Node, slice string, after token.Pos) bool {
	if function == nil {
		return false
	}
	sorted := false
	ast.Inspect(function, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || call.Pos() < after || len(call.Args) == 0 {
			return true
		}
		name := calledName(info, call)
		if strings.HasPrefix(name, "slices.Sort") || strings.HasPrefix(name, "sort.S") || name == "sort.Ints" {
			sorted = sorted || types.ExprString(call.Args[0]) == slice
		}
		return true
	})
	return sorted
}
