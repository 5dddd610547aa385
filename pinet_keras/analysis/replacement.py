"""What `replace_activations` gives: a model, and what its polynomials cost."""

from dataclasses import dataclass

import keras

from pinet_keras.analysis.certificate import Certificate


@dataclass(frozen=True)
class ReplacedActivation:
    """One activation function and the polynomial in its place, as `Replacement.activations` holds it.

    Attributes:
        name: name of the layer that had it.
        activation: name of the activation function.
        coefficients: c_0..c_degree of the polynomial.
        low: the smallest value that entered it, of those it was fitted to.
        high: the largest. Outside, the polynomial may be far from the activation.
        error: root mean square of the difference of the two, divided by the root mean square of the activation.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)])
        >>> samples = np.random.default_rng(0).normal(size=(50, 4))
        >>> [replaced] = analysis.replace_activations(model, degree=4, samples=samples).activations
        >>> replaced.activation, len(replaced.coefficients), replaced.error < 0.2
        ('relu', 5, True)
    """

    name: str
    activation: str
    coefficients: tuple[float, ...]
    low: float
    high: float
    error: float


@dataclass(frozen=True)
class Replacement:
    """A model with polynomials in place of its activations, and what that costs. Made by `replace_activations`.

    Attributes:
        model: the new model.
        activations: the activations that were replaced, in the order of computation.
        certificate: that of the new model; its `reasons` name what else stands against tier 2.
        change: root mean square of the change of the outputs, divided by that of the outputs.
        agreement: fraction of the samples that both models assign to the same class; `None` with fewer than two
            outputs.
        accuracy_before: accuracy of the model given, on the samples; `None` without labels.
        accuracy_after: that of the new model.

    Example:
        >>> from pinet_keras import analysis
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(3)])
        >>> samples = np.random.default_rng(0).normal(size=(50, 4))
        >>> replacement = analysis.replace_activations(model, degree=3, samples=samples)
        >>> replacement.certificate.degree, replacement.agreement > 0.5
        (3, True)
    """

    model: keras.Model
    activations: tuple[ReplacedActivation, ...]
    certificate: Certificate
    change: float
    agreement: float | None
    accuracy_before: float | None = None
    accuracy_after: float | None = None

    @property
    def loss_of_accuracy(self) -> float | None:
        """`accuracy_before` − `accuracy_after`; `None` without labels."""
        if self.accuracy_before is None or self.accuracy_after is None:
            return None
        return self.accuracy_before - self.accuracy_after

    def __str__(self):
        lines = [
            f"{each.name}: {each.activation} → degree {len(each.coefficients) - 1} on {each.low:.3g} … {each.high:.3g}"
            f", error {each.error:.1%}"
            for each in self.activations
        ]
        tier = self.certificate.tier
        lines.append(f"tier {tier} {self.certificate.tier_name}" if tier else self.certificate.tier_name)
        lines += [f"against tier 2: {reason}" for reason in self.certificate.reasons]
        lines.append(f"outputs changed by {self.change:.1%}")
        if self.agreement is not None:
            lines[-1] += f", {self.agreement:.2%} of the decisions are the same"
        if self.loss_of_accuracy is not None:
            lines.append(
                f"accuracy {self.accuracy_before:.2%} → {self.accuracy_after:.2%}, "
                f"a loss of {100 * self.loss_of_accuracy:.2f} percentage points"
            )
        return "\n".join(lines)
