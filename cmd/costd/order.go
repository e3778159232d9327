package main

import (
	"errors"
	"slices"
	"strings"

	"costd.dev/costd/client"
)

// The orders by cost. The API has none, so the command sorts.
const (
	costDescending = "cost.desc"
	costAscending  = "cost.asc"
)

// costOrders are the orders of the reports of totals.
var costOrders = []string{costDescending, costAscending}

// resourceOrders are the orders of the reports by resource that the API has.
var resourceOrders = func() (all []string) {
	for _, field := range []string{"billing_value", "first_seen", "last_name", "last_seen", "project", "region", "type"} {
		all = append(all, field+".asc", field+".desc")
	}
	return all
}()

func isCostOrder(order string) bool { return slices.Contains(costOrders, order) }

// sortByCost sorts rows by their costs; rows without one are the last in either order.
// Rows that cost the same stay as they are.
func sortByCost(rows client.Rows, order string) {
	slices.SortStableFunc(rows, func(a, b client.Row) int {
		x, y := a.Base().Cost, b.Base().Cost
		switch {
		case x == nil && y == nil:
			return 0
		case x == nil:
			return 1
		case y == nil:
			return -1
		case order == costDescending:
			return y.Cmp(*x)
		}
		return x.Cmp(*y)
	})
}

// orders returns what the flags ask the API to order by, and the order by cost if that
// is the first of them; else "".
func (w *window) orders() (orders []client.Order, byCost string, err error) {
	for i, o := range w.orderBy {
		switch {
		case !isCostOrder(o):
			orders = append(orders, client.Order(o))
		case i > 0:
			return nil, "", errors.New("--order-by: " + o + " must be the first; what follows orders rows that cost the same")
		default:
			byCost = o
		}
	}
	return orders, byCost, checkWords("order-by", w.orderBy, slices.Concat(costOrders, resourceOrders))
}

// cut returns the rows of the window.
func (w *window) cut(rows client.Rows) client.Rows {
	if w.all {
		return rows
	}
	from := min(max(w.offset, 0), len(rows))
	return rows[from:min(from+max(w.limit, 0), len(rows))]
}

// checkTotalsOrder judges the order of a report of totals, "" for that of the API.
func checkTotalsOrder(order, format string) error {
	switch {
	case order == "":
		return nil
	case !isCostOrder(order):
		return errors.New("--order-by: must be " + strings.Join(costOrders, " or ") + suggestion(order, costOrders))
	case format == "csv":
		return errors.New("--format csv comes in the order of the API; leave out --order-by")
	}
	return nil
}
