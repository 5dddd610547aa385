"""Parameters stay within the published table, and their moduli are what SEAL needs."""

import pytest
import sympy

from zoo.encrypted.parameters import LARGEST_MODULUS, deepest, is_prime, ntt_primes, parameters_for


@pytest.mark.parametrize("security", [128, 192, 256])
def test_they_stay_within_the_table(security):
    for ring, largest in LARGEST_MODULUS[security].items():
        for depth in range(1, 12):
            parameters = parameters_for(ring, depth, 10.0, security)
            if parameters is None:
                continue
            assert sum(parameters.bits) <= largest and parameters.depth == depth
            assert len(set(parameters.moduli)) == depth + 2
            assert all(sympy.isprime(modulus) and modulus % (2 * ring) == 1 for modulus in parameters.moduli)
            assert parameters.moduli[0] > 2 * 10.0 * parameters.output_scale  # the largest logit fits, either sign
            assert parameters.moduli[-1] > 2**7 * max(parameters.moduli[:-1])


def test_a_depth_that_does_not_fit_is_none():
    assert parameters_for(8192, 7, 12.0) is not None
    assert parameters_for(8192, 12, 12.0) is None
    assert parameters_for(32768, deepest(), 16.0) is not None and parameters_for(32768, deepest() + 1, 16.0) is None


def test_rescalings_drop_the_moduli_from_the_end():
    parameters = parameters_for(8192, 5, 12.0)
    assert parameters.dropped_at(1) == parameters.moduli[-2] and parameters.dropped_at(5) == parameters.moduli[1]
    assert parameters.primes_at(0) == 6 and parameters.primes_at(5) == 1


def test_primes():
    numbers = [*range(2, 3000), 3215031751, 2**61 - 1, 18446744073709551557, 341550071728321, 3474749660383]
    assert [n for n in numbers if is_prime(n)] == [n for n in numbers if sympy.isprime(n)]
    assert ntt_primes(8192, [14]) is None


def test_seal_has_the_same_table():
    sealapi = pytest.importorskip("tenseal.sealapi", reason="needs TenSEAL: pip install '.[encrypted]'")
    from zoo.encrypted.seal import SECURITY

    for security, table in LARGEST_MODULUS.items():
        assert table == {ring: sealapi.CoeffModulus.MaxBitCount(ring, SECURITY[security]) for ring in table}
