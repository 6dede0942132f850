package networks

import (
	"context"
	"slices"
	"testing"
)

// TestAllowances: what an answer tells reaches whoever asked, and nobody else.
func TestAllowances(t *testing.T) {
	var told []Allowance
	ctx := WithAllowances(t.Context(), func(a Allowance) { told = append(told, a) })
	first, second := Allowance{Limit: "a", Used: 0.5}, Allowance{Limit: "b", Rolling: true}
	TellAllowance(ctx, first)
	TellAllowance(context.WithoutCancel(ctx), second)
	TellAllowance(t.Context(), first) // nobody listens
	if !slices.Equal(told, []Allowance{first, second}) {
		t.Errorf("%+v", told)
	}
}
