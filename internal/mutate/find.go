package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// finder walks a file. The path leads from the file to the node that is visited, that
// one included.
type finder struct {
	set   *token.FileSet
	src   []byte
	path  []ast.Node
	found []mutant
}

// find returns the mutants of a file.
func find(set *token.FileSet, f *ast.File, src []byte) []mutant {
	s := &finder{set: set, src: src}
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			s.path = s.path[:len(s.path)-1]
			return true
		}
		s.path = append(s.path, n)
		s.visit(n)
		return true
	})
	return s.found
}

func (s *finder) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.IfStmt:
		s.condition(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			s.condition(n.Cond)
		}
	case *ast.SwitchStmt:
		if n.Tag == nil {
			s.cases(n.Body)
		}
	case *ast.BinaryExpr:
		s.binary(n)
	case *ast.ReturnStmt:
		s.returned(n)
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok {
			s.statement(call)
		}
	case *ast.CallExpr:
		s.call(n)
	case *ast.AssignStmt:
		s.assignment(n)
	case *ast.IncDecStmt:
		op := "++"
		if n.Tok == token.INC {
			op = "--"
		}
		s.add("calculated", n, n.TokPos, n.TokPos+2, op)
	}
}

// add notes a mutant of node n: from start up to end stands text instead.
func (s *finder) add(kind string, n ast.Node, start, end token.Pos, text string) {
	at := s.set.Position(start)
	s.found = append(s.found, mutant{
		file: at.Filename, line: at.Line, kind: kind,
		start: at.Offset, end: s.set.Position(end).Offset, text: text,
		was: oneLine(s.text(n)),
	})
}

func (s *finder) replace(kind string, n ast.Node, text string) {
	s.add(kind, n, n.Pos(), n.End(), text)
}

func (s *finder) text(n ast.Node) string {
	return string(s.src[s.set.Position(n.Pos()).Offset:s.set.Position(n.End()).Offset])
}

// above is the node that many levels over the one that is visited, nil at the top.
func (s *finder) above(levels int) ast.Node {
	if i := len(s.path) - 1 - levels; i >= 0 {
		return s.path[i]
	}
	return nil
}

// condition is of an if, a for or a case without a tag.
func (s *finder) condition(e ast.Expr) {
	if errorCheck(e) {
		s.replace("unchecked", e, "false && ("+s.text(e)+")")
		return
	}
	s.replace("negated", e, "!("+s.text(e)+")")
}

func (s *finder) cases(body *ast.BlockStmt) {
	for _, clause := range body.List {
		for _, e := range clause.(*ast.CaseClause).List { //nolint:errcheck // a switch's body holds nothing else
			s.condition(e)
		}
	}
}

// errorCheck reports whether a condition is err != nil and no more.
func errorCheck(e ast.Expr) bool {
	b, ok := e.(*ast.BinaryExpr)
	return ok && b.Op == token.NEQ && isName(b.Y, "nil") && errorName.MatchString(lastName(b.X))
}

// errorName is what variables that hold an error are called.
var errorName = regexp.MustCompile(`(^e|E)rr(or)?$`)

func (s *finder) binary(e *ast.BinaryExpr) {
	kinds := map[token.Token][2]string{
		token.LSS: {"compared", "<="}, token.LEQ: {"compared", "<"},
		token.GTR: {"compared", ">="}, token.GEQ: {"compared", ">"},
		token.EQL: {"compared", "!="}, token.NEQ: {"compared", "=="},
		token.ADD: {"calculated", "-"}, token.SUB: {"calculated", "+"},
		token.LAND: {"connected", "||"}, token.LOR: {"connected", "&&"},
	}
	other, ok := kinds[e.Op]
	whole := (e.Op == token.EQL || e.Op == token.NEQ) && s.isCondition(e) // negated already
	if !ok || whole || e.Op == token.ADD && isText(e) {
		return
	}
	s.add(other[0], e, e.OpPos, e.OpPos+token.Pos(len(e.Op.String())), other[1])
}

// isCondition reports whether the visited expression is the whole of a condition.
func (s *finder) isCondition(e ast.Expr) bool {
	switch up := s.above(1).(type) {
	case *ast.IfStmt:
		return up.Cond == e
	case *ast.ForStmt:
		return up.Cond == e
	case *ast.CaseClause:
		return true
	}
	return false
}

// isText reports whether a sum is seen to be one of texts. One that is not seen to be
// does not compile with a minus.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return isText(e.X) || isText(e.Y)
	case *ast.BasicLit:
		return e.Kind == token.STRING
	}
	return false
}

func (s *finder) returned(r *ast.ReturnStmt) {
	for _, e := range r.Results {
		switch {
		case isName(e, "true"):
			s.replace("answered", e, "false")
		case isName(e, "false"):
			s.replace("answered", e, "true")
		}
	}
	results := s.results()
	if len(results) == 0 || len(r.Results) != len(results) {
		return
	}
	last, kind := r.Results[len(r.Results)-1], results[len(results)-1]
	if strings.HasSuffix(kind, "rror") && !isName(last, "nil") { // error, *Error, *networks.Error
		s.replace("swallowed", last, "func() "+kind+" { _ = "+s.text(last)+"; return nil }()")
	}
}

// results are the types that the function around the visited node returns.
func (s *finder) results() []string {
	for _, n := range slices.Backward(s.path) {
		var f *ast.FuncType
		switch n := n.(type) {
		case *ast.FuncDecl:
			f = n.Type
		case *ast.FuncLit:
			f = n.Type
		default:
			continue
		}
		var types []string
		if f.Results != nil {
			for _, field := range f.Results.List {
				types = append(types, slices.Repeat([]string{s.text(field.Type)}, max(1, len(field.Names)))...)
			}
		}
		return types
	}
	return nil
}

// synced names the calls that bring something to the disk or tell that it did not
// get there.
var synced = regexp.MustCompile(`^(f?sync([A-Z]\w*)?|Sync|Flush|Close)$`)

// statement is a call that stands alone.
func (s *finder) statement(call *ast.CallExpr) {
	name, kind := lastName(call.Fun), "uncalled"
	if synced.MatchString(name) {
		kind = "unsynced"
	}
	switch name {
	case "Lock", "Unlock", "RLock", "RUnlock", "Helper", "Debug", "panic":
		return
	case "close", "delete", "clear", "copy": // no values that could be named
		s.replace(kind, call, "func(...any) {}("+s.arguments(call)+")")
	default:
		s.replace(kind, call, "func(...any) {}("+s.named(call)+")")
	}
}

// call is one whose result, an error, somebody looks at.
func (s *finder) call(call *ast.CallExpr) {
	if !synced.MatchString(lastName(call.Fun)) {
		return
	}
	switch up := s.above(1).(type) {
	case *ast.ExprStmt, *ast.DeferStmt, *ast.GoStmt:
		return
	case *ast.AssignStmt:
		if isName(up.Lhs[0], "_") {
			return
		}
	}
	s.replace("unsynced", call, "func(...any) error { return nil }("+s.named(call)+")")
}

// named is the function of a call and its arguments as a list, so that what is named
// in the call still is: else the compiler complains of what nobody uses.
func (s *finder) named(call *ast.CallExpr) string {
	if _, ok := call.Fun.(*ast.FuncLit); ok {
		return s.arguments(call)
	}
	return strings.TrimSuffix(s.text(call.Fun)+", "+s.arguments(call), ", ")
}

func (s *finder) arguments(call *ast.CallExpr) string {
	var all []string
	for _, arg := range call.Args {
		all = append(all, s.text(arg))
	}
	return strings.Join(all, ", ")
}

// assignment drops what is given to one place. What it was to be is still worked out.
func (s *finder) assignment(a *ast.AssignStmt) {
	if len(a.Lhs) != 1 || a.Tok == token.DEFINE || isName(a.Lhs[0], "_") {
		return
	}
	s.replace("unassigned", a, "func(...any) {}("+s.text(a.Rhs[0])+")")
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// lastName is what stands after the last dot: Close of j.db.Close.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// oneLine is a text cut to what fits a line.
func oneLine(text string) string {
	const most = 100 // bytes
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " ..."
	}
	return text
}
