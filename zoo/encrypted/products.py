"""The products of a program while it is made."""

import numpy as np
from numpy.typing import ArrayLike

from zoo.encrypted.forms import Form
from zoo.encrypted.program import Affine, Choices, Product, Program

MOST_SHIFTED = 4.0  # times as large may a factor be after it was shifted: errors grow as much


class Products:
    """Records every product of two tensors that depend on the input, and in the end orders them as a program.

    Args:
        input_shape: shape of one example.
        examples: valid inputs `[n, *input_shape]`, by which `sum` tells whether it may complete a square; None: it
            never does.
        adds: whether the sum of a product and another tensor becomes a vector of its own. Else what follows reads both,
            which is quicker where there are few weights.
        choices: those of an earlier program of this model: its squares are completed, whatever the examples.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        examples: ArrayLike | None = None,
        adds: bool = False,
        choices: Choices | None = None,
    ):
        self.input_shape, self.adds = input_shape, choices.adds if choices else adds
        self._known = choices
        self._shifted: set[int] = set()
        self.joined = False  # whether a sum was left to what follows it, which then reads what both tensors read
        self._values: dict[int, np.ndarray] = {}  # of vectors, for each example
        if examples is not None:
            self._values[0] = np.asarray(examples, "float64").reshape(-1, int(np.prod(input_shape)))
        self._factors: dict[int, tuple[Form, Form]] = {}  # of the product that is vector k
        self._operands: dict[int, tuple[Form, Form]] = {}  # what was multiplied to make it, as the model has it
        self._addends: dict[int, Form] = {}  # what is added to the product; such a vector has no operands

    def multiply(self, left: Form, right: Form) -> Form:
        """The product of two tensors, value by value; one of them may be a constant."""
        shape = np.broadcast_shapes(left.shape, right.shape)
        if not left.terms or not right.terms:
            form, constant = (right, left) if not left.terms else (left, right)
            return form.broadcast(shape).scaled(constant.broadcast(shape).constant)
        operands = left.broadcast(shape), right.broadcast(shape)
        (left, left_factor), (right, right_factor) = map(self._bare, operands)
        # A factor of a bare vector goes into the map that makes the other one: so it costs no map of its own.
        if left.diagonal() and not right.diagonal():
            right, left_factor = right.scaled(left_factor), np.ones(1)
        elif right.diagonal() and not left.diagonal():
            left, right_factor = left.scaled(right_factor), np.ones(1)
        vector = 1 + len(self._factors)
        self._factors[vector], self._operands[vector] = (left, right), operands
        product, factor = Form.of_vector(vector, shape), left_factor * right_factor
        return product if (factor == 1).all() else product.scaled(factor)

    def of_all(self, forms: list[Form]) -> Form:
        """The product of several tensors, in pairs, so that its depth is least."""
        while len(forms) > 1:
            pairs = [self.multiply(*forms[i : i + 2]) for i in range(0, len(forms) - 1, 2)]
            forms = pairs + forms[len(forms) - len(forms) % 2 :]
        return forms[0]

    def power(self, form: Form, exponent: int) -> Form:
        """A tensor to a power of 1 or more, by repeated squares."""
        if exponent < 1:
            raise ValueError(f"The exponent must be 1 or more. Received: {exponent}")
        if exponent == 1:
            return form
        half = self.power(form, exponent // 2)
        square = self.multiply(half, half)
        return self.multiply(square, form) if exponent % 2 else square

    def sum(self, forms: list[Form]) -> Form:
        """The sum of tensors. So that what follows reads one vector rather than two, a ∗ b + a becomes a ∗ (b + 1), and
        f a² + g a becomes f (a + g / 2f)², or a ∗ (f a + g) where the shift is large, and a constant."""
        shape = np.broadcast_shapes(*(form.shape for form in forms))
        total, *others = forms
        for form in others:
            pairs = (total, form), (form, total)
            merges = (self._completed, self._merged, *([self._added] if self.adds else []))
            found = (merge(*pair) for merge in merges for pair in pairs)
            merged = next(filter(None, found), None)
            self.joined |= merged is None and bool(total.terms and form.terms)
            total = merged or total.broadcast(shape).plus(form.broadcast(shape))
        return total.broadcast(shape)

    def _merged(self, product: Form, form: Form) -> Form | None:
        """product + form, where `product` is factor ∗ (a ∗ b) + constant and `form` is a or b."""
        found = product.diagonal()
        if found is None or found[0] not in self._operands:
            return None
        operands = self._operands[found[0]]
        if not any(form is operand for operand in operands):
            return None
        other = operands[0] if form is operands[1] else operands[1]
        return self.multiply(form, other.scaled(found[1], shift=1.0)).scaled(1.0, shift=product.constant)

    def _completed(self, square: Form, form: Form) -> Form | None:
        """square + form, where `square` is factor ∗ a² + constant and `form` is slope ∗ a + constant."""
        found = square.diagonal()
        if found is None or found[0] not in self._operands or form.shape != square.shape:
            return None
        (a, other), factor = self._operands[found[0]], found[1]
        slope = form.slope_over(a) if a is other and a.diagonal() is None else None
        if slope is None:
            return None
        rest = square.constant + form.constant - slope * a.constant
        shift = slope / (2 * np.where(factor == 0, np.nan, factor))
        vector = 1 + len(self._factors)
        if vector not in self._known.shifted if self._known else not self._is_exact(a, shift):
            return self.multiply(a, a.scaled(factor, slope)).scaled(1.0, rest)
        self._shifted.add(vector)
        shifted = a.scaled(1.0, shift)
        return self.multiply(shifted, shifted).scaled(factor, rest - factor * shift**2)

    def _added(self, product: Form, form: Form) -> Form | None:
        """product + form as a vector, where `product` is factor ∗ (a ∗ b) + constant: b takes the factor."""
        found = product.diagonal()
        if found is None or found[0] not in self._operands or form.shape != product.shape or not form.terms:
            return None
        (left, right), factor = self._factors[found[0]], found[1]
        if right.diagonal() is not None:
            left, right = right, left
        if (factor != 1).any():
            if right.diagonal() is not None:  # it would need an affine map, and a rescaling
                return None
            right = right.scaled(factor)
        vector = 1 + len(self._factors)
        self._factors[vector] = left, right
        self._addends[vector] = Form(form.shape, form.terms, form.constant + product.constant)
        return Form.of_vector(vector, product.shape)

    def _is_exact(self, form: Form, shift: np.ndarray) -> bool:
        """Whether a tensor is known to be about as large after a shift."""
        if not self._values:
            return False
        values = self._values_of(form)
        before, after = (np.median(np.square(each).mean(axis=1)) for each in (values, values + shift))
        return bool(after <= MOST_SHIFTED**2 * before)  # a NaN, where the square has a factor of 0, is none

    def _values_of(self, form: Form) -> np.ndarray:
        """The values of a tensor for every example, `[n, size]`."""
        total = np.broadcast_to(form.constant, (len(self._values[0]), form.constant.size))
        for vector, matrix in form.terms.items():
            if vector not in self._values:
                left, right = self._factors[vector]
                self._values[vector] = self._values_of(left) * self._values_of(right)
                if vector in self._addends:
                    self._values[vector] = self._values[vector] + self._values_of(self._addends[vector])
            total = total + self._values[vector] @ matrix.T
        return total

    @staticmethod
    def _bare(form: Form) -> tuple[Form, np.ndarray]:
        """A vector times a factor for each value as the vector and the factor; anything else as it is, with 1."""
        found = form.diagonal()
        if found is None or form.constant.any() or (found[1] == 0).any():
            return form, np.ones(1)
        return Form.of_vector(found[0], form.shape), found[1]

    def program(self, logits: Form) -> Program:
        """The steps that the logits need, in order."""
        needed = self._needed(logits)
        steps: list[Affine | Product] = []
        number = {0: 0}  # of a product's vector in the program
        made: dict[int, int] = {}  # affine vectors by the form that they hold

        def vector_of(form: Form) -> int:
            found = form.diagonal()
            if found is not None and (found[1] == 1).all() and not form.constant.any():
                return number[found[0]]
            if id(form) not in made:
                made[id(form)] = affine(form)
            return made[id(form)]

        def affine(form: Form) -> int:
            steps.append(Affine({number[k]: matrix for k, matrix in form.terms.items()}, form.constant, form.shape))
            return len(steps)

        for vector in sorted(needed):
            left, right = self._factors[vector]
            addend = affine(self._addends[vector]) if vector in self._addends else None
            steps.append(Product(vector_of(left), vector_of(right), left.shape, addend))
            number[vector] = len(steps)
        if vector_of(logits) != len(steps):
            raise ValueError("The logits are the input or an earlier product, so there is nothing to compute.")
        choices = Choices(self.adds, frozenset(self._shifted))
        return Program(self.input_shape, tuple(steps), choices=choices)

    def _needed(self, logits: Form) -> set[int]:
        needed: set[int] = set()
        waiting = [logits]
        while waiting:
            for vector in set(waiting.pop().terms) - {0} - needed:
                needed.add(vector)
                waiting.extend(self._factors[vector])
                if vector in self._addends:
                    waiting.append(self._addends[vector])
        return needed
