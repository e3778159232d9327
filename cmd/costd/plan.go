package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"costd.dev/costd/client"
)

// errLargePlan says that a file that is sent in pieces has no plan.
var errLargePlan = errors.New("--dry-run takes files up to 16 MiB, as only those are applied as a whole; split the file, or see costd catalog diff afterwards")

// plan prints what applying the files would do.
func (o *applyOptions) plan(ctx context.Context, c *client.Client, files [][]byte) error {
	if len(files) > 1 {
		return errLargePlan
	}
	p, err := c.PlanCatalog(ctx, files[0], o.prune)
	if err != nil {
		return catalogMistakes(o.file, err)
	}
	if err := printChanges(o.out, "", p.Changes); err != nil {
		return err
	}
	o.warn(p.Applied)
	if _, err := fmt.Fprintf(o.out, "nothing was changed; to catalog version %d it would be: %s\n", p.Version, countsText(p.Total())); err != nil {
		return err
	}
	return o.printEffect(p.Effect)
}

// printEffect prints for which months of clients the total would change.
func (o *applyOptions) printEffect(e client.Effect) error {
	if len(e.Months) == 0 {
		fmt.Fprintf(o.out, "no total changes; %s of clients looked at\n", plural(int64(e.Looked), "month")) // a terminal that is gone was noticed above
		return o.printLeft(e)
	}
	t := newTable(column{title: "CLIENT", right: true}, column{title: "MONTH"}, column{title: "CURRENCY"},
		column{title: "BEFORE", point: true}, column{title: "AFTER", point: true}, column{title: "DIFFERENCE", point: true})
	for _, m := range e.Months {
		difference := ""
		if m.Difference != nil {
			difference = grouped(m.Difference.String(), 2)
		}
		t.add(strconv.FormatInt(m.ClientID, 10), m.Month.String(), firstOf(m.After.Currency, m.Before.Currency), owedText(m.Before), owedText(m.After), difference)
	}
	if err := t.write(o.out); err != nil {
		return err
	}
	return o.printLeft(e)
}

// owedText returns a total, or why there is none.
func owedText(owed client.Owed) string {
	switch {
	case owed.Total != nil:
		return grouped(owed.Total.String(), 2)
	case owed.Errors > 0:
		return plural(int64(owed.Errors), "row") + " in error"
	}
	return "no client"
}

func (o *applyOptions) printLeft(e client.Effect) error {
	if e.Left == 0 {
		return nil
	}
	_, err := fmt.Fprintf(o.out, "only the latest %s were looked at; %s earlier ones were left out\n", count(int64(e.Looked)), count(int64(e.Left)))
	return err
}
