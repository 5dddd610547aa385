"""One hyperparameter that a search may choose. Imports no backend."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True)
class Dimension:
    """A hyperparameter with the values it may take: some to choose from, or bounds.

    Args:
        name: a key of `Recipe`, or an argument of the architecture.
        choices: the values; empty for a bounded one.
        low: lower bound, included.
        high: upper bound, included.
        step: distance of the values, or their ratio if `log`; `None` for all between the bounds.
        log: spread the values evenly over the logarithm.
        where: the dimension matters only where other ones have such values: name → list of values.

    Raises:
        ValueError: neither choices nor bounds, values of several kinds, or impossible bounds.
    """

    name: str
    choices: tuple = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    where: tuple = ()

    @classmethod
    def read(cls, name, value) -> "Dimension":
        """A dimension from what a search file says: a list of values, or a table of `choices`, or `min` and `max`."""
        table: dict = {"choices": value} if isinstance(value, list) else dict(value)
        where = table.pop("where", {})
        unknown = sorted(set(table) - {"choices", "min", "max", "step", "log"})
        if unknown or not isinstance(where, dict):
            _refuse(name, "a list of values, or a table of choices, min, max, step, log and where", value)
        conditions = tuple((key, tuple(_listed(allowed))) for key, allowed in where.items())
        if "choices" in table:
            if len(table) > 1 or not isinstance(table["choices"], list):
                _refuse(name, "either choices, a list, or min and max", value)
            return cls(name, choices=_of_one_kind(name, table["choices"]), where=conditions)
        low, high, step, log = (table.get(key) for key in ("min", "max", "step", "log"))
        _check_bounds(name, value, low, high, step, bool(log))
        return cls(name, low=low, high=high, step=step, log=bool(log), where=conditions)

    @property
    def is_integer(self) -> bool:
        """Whether its bounds are integers."""
        return not self.choices and isinstance(self.low, int) and isinstance(self.high, int)

    def convert(self, value):
        """A tuner's value as one of plain Python: a choice, a whole number, or three digits.

        Numbers come back from gRPC and NumPy in other types, rounded to 32 bits; three digits are the same everywhere.
        """
        if not self.choices:
            return int(value) if self.is_integer else float(f"{value:.3g}")
        near = [choice for choice in self.choices if choice == value]
        if not near and isinstance(value, float):  # 32-bit floats
            near = [choice for choice in self.choices if abs(choice - value) <= 1e-6 * abs(choice)]
        if not near:
            _refuse(self.name, f"one of {list(self.choices)}", value)
        return near[0]

    def declare(self, hp):
        """Tell a Keras Tuner's `HyperParameters` of the dimension (without its conditions), and ask for its value."""
        if self.choices:
            return hp.Choice(self.name, list(self.choices))
        kind = hp.Int if self.is_integer else hp.Float
        return kind(self.name, self.low, self.high, step=self.step, sampling="log" if self.log else "linear")


def _refuse(name, allowed, value):
    raise ValueError(f"Search key {name!r} must be {allowed}. Received: {value!r}")


def _listed(value):
    return value if isinstance(value, list) else [value]


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _of_one_kind(name, values):
    if values and all(map(_is_number, values)):
        return tuple(map(float, values)) if any(isinstance(value, float) for value in values) else tuple(values)
    if not values or len({type(value) for value in values}) > 1 or not isinstance(values[0], bool | str):
        _refuse(name, "a list of numbers, of words, or of true and false", values)
    return tuple(values)


def _check_bounds(name, value, low, high, step, log):
    if not (_is_number(low) and _is_number(high)) or low >= high:
        _refuse(name, "bounded by two numbers, min below max", value)
    if log and low <= 0:
        _refuse(name, "bounded above 0 if log", value)
    if step is not None and (not _is_number(step) or step <= (1 if log else 0)):
        _refuse(name, "of a step above 0, or above 1 if log", value)
