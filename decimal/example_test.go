package decimal_test

import (
	"encoding/json"
	"fmt"

	"costd.dev/costd/decimal"
)

// A thousand minutes at 19.90 an hour, exact until it is shown.
func Example() {
	price := decimal.MustParse("19.90")
	hours := decimal.Fraction(1000, 60)
	cost := hours.Mul(price.Rational())
	fmt.Println(cost)
	for _, places := range []int{5, 18} {
		shown, err := cost.RoundHalfEven(places)
		fmt.Println(shown, err)
	}
	// Output:
	// 995/3
	// 331.66667 <nil>
	// 331.666666666666666667 <nil>
}

func ExampleDecimal_StringFixed() {
	perMonth, err := decimal.MustParse("0.58353750").Mul(decimal.FromInt(744))
	fmt.Println(perMonth, err)
	fmt.Println(perMonth.StringFixed(8))
	fmt.Println(perMonth.StringFixed(2))
	// Output:
	// 434.1519 <nil>
	// 434.15190000 <nil>
	//  434.1519 with 2 decimals: cannot be written without rounding
}

func ExampleDecimal_RoundHalfEven() {
	for _, s := range []string{"0.5", "1.5", "2.5", "2.51"} {
		rounded, err := decimal.MustParse(s).RoundHalfEven(0)
		fmt.Println(s, rounded, err)
	}
	// Output:
	// 0.5 0 <nil>
	// 1.5 2 <nil>
	// 2.5 2 <nil>
	// 2.51 3 <nil>
}

// Every digit of a JSON number counts.
func ExampleDecimal_UnmarshalJSON() {
	var price decimal.Decimal
	err := json.Unmarshal([]byte(`0.1234567890123456789012345678`), &price)
	fmt.Println(price, err)
	// Output: 0.1234567890123456789012345678 <nil>
}

// Six times ten seconds are a minute.
func ExampleRational() {
	var minutes decimal.Rational
	for range 6 {
		minutes = minutes.Add(decimal.Fraction(10, 60))
	}
	fmt.Println(minutes)
	// Output: 1
}
