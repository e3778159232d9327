package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variablePrefix begins the names of all variables that costd reads.
const variablePrefix = "COSTD_"

// variableOf returns the variable that stands for a flag: COSTD_MEMORY_LIMIT for
// --memory-limit.
func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets each flag of the command that was not given on the command line
// from its variable. An empty variable is none: files of variables often list them so.
func fromEnvironment(cmd *cobra.Command, getenv func(string) string) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value := getenv(variableOf(f.Name))
		if f.Changed || value == "" || f.Name == "help" {
			return
		}
		if e := cmd.Flags().Set(f.Name, value); e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", variableOf(f.Name), e))
		}
	})
	return err
}
