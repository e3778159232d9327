package decimal

import "math/big"

// GobEncode writes plain notation, so that values that hold a Decimal can wait in a file.
func (d Decimal) GobEncode() ([]byte, error) { return d.MarshalText() }

// GobDecode reads what GobEncode writes.
func (d *Decimal) GobDecode(data []byte) error { return d.UnmarshalText(data) }

// GobEncode writes the fraction in lowest terms, exactly.
func (q Rational) GobEncode() ([]byte, error) {
	return new(big.Rat).SetFrac(q.numerator(), q.denominator()).GobEncode()
}

// GobDecode reads what GobEncode writes.
func (q *Rational) GobDecode(data []byte) error {
	var r big.Rat
	if err := r.GobDecode(data); err != nil {
		return err
	}
	*q = ownFraction(new(big.Int).Set(r.Num()), new(big.Int).Set(r.Denom()))
	return nil
}
