"""Checks of arguments for functions that import no backend, as the package of `pinet_keras.arguments` does."""

from numbers import Integral


def check_count(name: str, value: object, or_none: bool = False) -> None:
    """Refuse what is not an integer of at least 1, NumPy's among them.

    Args:
        name: of the argument.
        value: what was given for it.
        or_none: whether `None` is allowed as well.

    Raises:
        ValueError: it is anything else.
    """
    if or_none and value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        also = ", or None" if or_none else ""
        raise ValueError(f"`{name}` must be an integer of at least 1{also}. Received: {name}={value!r}")
