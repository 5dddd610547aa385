"""The certificate of a model: its tier, exact degree and multiplicative depth, layer by layer."""

from dataclasses import asdict, dataclass, replace

import keras
from numpy.typing import ArrayLike

from pinet_keras.analysis.graph import Call, calls_of, graph_of
from pinet_keras.analysis.rule_exceptions import is_real, rule_exception
from pinet_keras.analysis.rules import Step, step_of
from pinet_keras.analysis.verification import Verification, verify_degree

LOW_DEPTH = 8
TIER_NAMES = {1: "activation-free", 2: "polynomial", 3: "low-depth"}
WRAPPERS = (keras.layers.TimeDistributed, keras.layers.SpectralNormalization)


@dataclass(frozen=True)
class Row:
    """One call of one layer, as `Certificate.rows` holds it.

    Attributes:
        name: name of the layer, after those of the models that it is nested in and a slash.
        kind: "affine", "product", "sum", "identity", "scaling", "softmax" or "declared"; "activation",
            "not polynomial" or "unknown" where there is no degree.
        degree_in: the largest degree among its inputs; None where one is not a polynomial.
        degree_out: the degree of its output; None where that is not a polynomial.
        multiplicative_depth: that of its output; None where that is not a polynomial.
        why: the rule that was applied, in words.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((8,)), pinet_keras.PolyDense(4, degree=3, name="cubic")])
        >>> [row] = analysis.certify(model).rows
        >>> row.name, row.degree_in, row.degree_out
        ('cubic', 1, 3)
    """

    name: str
    kind: str
    degree_in: int | None
    degree_out: int | None
    multiplicative_depth: int | None
    why: str


@dataclass(frozen=True)
class Certificate:
    """The tier and degree of a model at inference, with reasons. Made by `certify`.

    Attributes:
        model: name of the model.
        tier: 1, 2 or 3; None when the model has activation functions, or something that has no rule.
        tier_name: "activation-free", "polynomial", "low-depth", "not polynomial" or "unknown".
        degree: total degree of the output in the input, an exact upper bound that generic weights attain; None when
            the model is not a polynomial.
        multiplicative_depth: a product costs one, consecutive affine maps cost one together, sums and moves
            of values cost none. Scaling of the raw input and softmax on the logits are outside the count. None when
            the model is not a polynomial.
        reasons: the layers that keep the model from tier 2, each with its why.
        rows: one row a call of a layer, in the order of computation.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((8,)), pinet_keras.PolyDense(4, degree=3), keras.layers.ReLU()])
        >>> certificate = analysis.certify(model)
        >>> certificate.tier_name, certificate.degree
        ('not polynomial', None)
        >>> certificate.reasons
        ('re_lu...: activation ReLU',)
    """

    model: str
    tier: int | None
    tier_name: str
    degree: int | None
    multiplicative_depth: int | None
    reasons: tuple[str, ...]
    rows: tuple[Row, ...]

    def verify(
        self, model: keras.Model, samples: ArrayLike, rtol: float = 1e-6, lines: int = 8, seed: int = 0
    ) -> Verification:
        """Measure whether the model is a polynomial of at most this degree.

        Lines are drawn between pairs of samples, so they stay where inputs are valid. On each, the model is evaluated
        in float64 at twice as many Chebyshev points as its degree needs, a polynomial of the certified degree is
        fitted, and it is compared with the model at held-out points. An error of more than four times what rounding
        explains refutes the degree. If rounding errors are too large to compare, the line is shortened; if they still
        are, the verdict is "not verifiable numerically".

        Args:
            model: the model that was certified.
            samples: two or more valid inputs, `[n, ...]`; a list of arrays for several inputs.
            rtol: largest rounding error with which a line is measured, relative to the largest value on it.
            lines: number of lines.
            seed: chooses the lines.

        Returns:
            `Verification`.

        Raises:
            ValueError: the certificate claims no degree; fewer than two samples.
        """
        if self.degree is None:
            raise ValueError(f"There is no degree to verify: {'; '.join(self.reasons)}")
        return verify_degree(model, self.degree, samples, rtol, lines, seed)

    def as_dict(self) -> dict:
        """The certificate as plain dicts, lists, strings and numbers."""
        return {**asdict(self), "reasons": list(self.reasons), "rows": [asdict(row) for row in self.rows]}


@dataclass(frozen=True)
class _State:
    """Degree and multiplicative depth of a tensor. `after_affine` is the depth of an affine map of it: the same depth
    where the tensor already ends a run of affine maps."""

    degree: int | None
    depth: int
    after_affine: int


INPUT = _State(degree=1, depth=0, after_affine=1)


def certify(model: keras.Model | keras.layers.Layer) -> Certificate:
    """Prove the degree of a model, layer by layer: sums take the largest degree, products add degrees.

    The model is not run. A layer without a rule makes the answer "unknown".

    Args:
        model: a built `keras.Model`: Sequential, functional (branches, shared layers, nested models, `keras.ops`
            nodes), or any model or layer that declares `degree_rule(degrees) -> int` and, optionally,
            `multiplications_rule() -> int`.

    Returns:
        `Certificate`.

    Raises:
        ValueError: a Sequential model that is not built; a degree rule that returns no degree.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((8,)), pinet_keras.PolyDense(4, degree=3), keras.layers.Softmax()])
        >>> certificate = analysis.certify(model)
        >>> certificate.degree, certificate.tier_name
        (3, 'low-depth')
        >>> certificate.verify(model, samples=np.random.default_rng(0).normal(size=(4, 8)), lines=2).verdict
        'holds'
    """
    rows: list[Row] = []
    outputs = _walk(model, None, "", True, False, rows)
    reasons = tuple(f"{row.name}: {row.why}" for row in rows if row.kind in ("activation", "not polynomial", "unknown"))
    degrees = [state.degree for state in outputs]
    degree = None if reasons or None in degrees else max(d for d in degrees if d is not None)
    depth = None if degree is None else max(state.depth for state in outputs)
    tier, tier_name = _tier({row.kind for row in rows}, depth)
    return Certificate(model.name, tier, tier_name, degree, depth, reasons, tuple(rows))


def _tier(kinds: set[str], depth: int | None) -> tuple[int | None, str]:
    if "activation" in kinds:
        return None, "not polynomial"
    if "unknown" in kinds:
        return None, "unknown"
    if "not polynomial" in kinds or depth is None:
        return 1, TIER_NAMES[1]
    tier = 3 if depth <= LOW_DEPTH else 2
    return tier, TIER_NAMES[tier]


def _walk(
    model: keras.Model | keras.layers.Layer,
    inputs: list[_State] | None,
    prefix: str,
    is_last: bool,
    training: bool,
    rows: list[Row],
) -> list[_State]:
    """Compute the states of the outputs from those of the inputs, and add a row for each call."""
    graph = None if hasattr(model, "degree_rule") else graph_of(model)
    if graph is None:
        tensor = keras.KerasTensor((1,))  # stands for any input
        return _leaf(Call(model, (tensor,), {}, [tensor]), {id(tensor): INPUT}, model.name, is_last, rows)
    inputs = inputs or [INPUT] * len(graph.inputs)
    states = {id(x): state for x, state in zip(graph.inputs, inputs, strict=True)}
    calls = calls_of(graph)
    used = {id(x) for call in calls for x in call.tensors}
    for call in calls:
        ends = is_last and not any(id(x) in used for x in call.outputs)
        results = _apply(call.in_training() if training else call, states, prefix, ends, rows)
        states.update(zip(map(id, call.outputs), results, strict=True))
    return [states[id(x)] for x in graph.outputs]


def _apply(call: Call, states: dict, prefix: str, is_last: bool, rows: list[Row]) -> list[_State]:
    operation = call.operation
    name = prefix + operation.name
    if hasattr(operation, "degree_rule"):
        return _leaf(call, states, name, is_last, rows)
    graph = graph_of(operation) if isinstance(operation, keras.Model) else None
    if graph is not None and call.mask is None:
        return _nested(call, graph, states, name, is_last, rows)
    if rule_exception(call):
        return _leaf(call, states, name, is_last, rows)
    if type(operation) is keras.layers.Pipeline:
        return _pipeline(call, states, name, rows)
    if type(operation) in WRAPPERS:
        inner = Call(operation.layer, call.args, call.kwargs, call.outputs)
        return _apply(inner, states, name + "/", False, rows)
    return _leaf(call, states, name, is_last, rows)


def _nested(call: Call, graph: keras.Function, states: dict, name: str, is_last: bool, rows: list[Row]) -> list[_State]:
    """A model within a model: its inputs take the dtypes that it was made for."""
    inputs = []
    for tensor, own in zip(call.tensors_for(graph), graph.inputs, strict=True):
        state = states[id(tensor)]
        if tensor.dtype != own.dtype and not is_real(own.dtype):
            rows.append(Row(name, "not polynomial", state.degree, None, None, f"its input rounds to {own.dtype}"))
            state = replace(state, degree=None)
        inputs.append(state)
    return _walk(call.operation, inputs, name + "/", is_last, call.training, rows)


def _pipeline(call: Call, states: dict, name: str, rows: list[Row]) -> list[_State]:
    states = dict(states)
    tensor = call.tensors[0]
    for layer in call.operation.layers:
        inner = Call(layer, call.args, call.kwargs, call.outputs)
        states[id(tensor)] = _apply(inner, states, name + "/", False, rows)[0]
    return [states[id(tensor)]]


def _leaf(call: Call, states: dict, name: str, is_last: bool, rows: list[Row]) -> list[_State]:
    inputs = [states[id(x)] for x in call.tensors]
    step = step_of(call, {key: state.degree for key, state in states.items()}, is_last)
    state = _next(step, inputs)
    known = [s.degree for s in inputs]
    degree_in = None if None in known else max((d for d in known if d is not None), default=0)
    depth = None if state.degree is None else state.depth
    rows.append(Row(name, step.kind, degree_in, step.degree, depth, step.why))
    return [state] * len(call.outputs)


def _next(step: Step, inputs: list[_State]) -> _State:
    """The state after a step: what it adds to the multiplicative depth.

    A sum adds nothing, and neither begins nor ends a run of affine maps: it has the largest depths of its inputs.
    """
    depth = max((s.depth for s in inputs), default=0)
    after_affine = max((s.after_affine for s in inputs), default=0)
    is_raw_input = depth == 0 and all(s == INPUT for s in inputs)
    if step.kind in ("sum", "identity", "softmax") or (step.kind == "scaling" and is_raw_input):
        return _State(step.degree, depth, after_affine)
    if step.kind == "product":
        return _State(step.degree, depth + step.products, depth + step.products + 1)
    if step.kind == "declared" and step.products:
        starts_affine, ends_affine = step.ends
        end = (after_affine if starts_affine else depth) + step.products
        return _State(step.degree, end + ends_affine, end + 1)
    return _State(step.degree, after_affine, after_affine)
