package proof

import "math/big"

// Prime is the first prime of the key: what must never show.
func (k *LocalKey) Prime() *big.Int { return k.private().Primes[0] }
