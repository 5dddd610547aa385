"""Muon for the kernels of convolutions."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pinet_keras")
class KernelMuon(keras.optimizers.Muon):
    """`keras.optimizers.Muon`, for kernels of any rank from 2: each is taken as a matrix of filters.

    With M the Nesterov momentum of the gradient, as a matrix [height · width · channels, filters]:

        W ← W − 0.2 lr √(max(rows, columns)) · U Vᵀ,   U S Vᵀ = M

    Keras' own class leaves convolutions to AdamW, and multiplies the whole matrix in each step of the iteration that
    finds U Vᵀ. All its steps are polynomials of M Mᵀ, so here they are computed on that smaller square matrix.

    Args:
        **kwargs: as for `keras.optimizers.Muon`.

    Reference:
        Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024; the scale after Liu et al., arXiv
        2502.16982.
    """

    def _should_use_adamw(self, variable):
        return len(variable.shape) < 2 or any(part in variable.path for part in self.exclude_layers)

    def _muon_update_step(self, gradient, variable, lr, m):
        self.assign_add(m, ops.add(gradient, m * (self.momentum - 1)))
        direction = ops.add(gradient, self.momentum * m) if self.nesterov else m
        matrix = ops.reshape(direction, (-1, variable.shape[-1]))
        update = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
        self.assign_sub(variable, ops.reshape(update, variable.shape))

    def zeropower_via_newtonschulz5(self, x, steps):
        wide = x.shape[0] <= x.shape[1]
        x = x / (ops.norm(x) + 1e-7)
        gram = ops.matmul(x, ops.transpose(x)) if wide else ops.matmul(ops.transpose(x), x)
        product = identity = ops.eye(gram.shape[0], dtype=x.dtype)
        for _ in range(steps):
            factor = self.muon_a * identity + self.muon_b * gram + self.muon_c * ops.matmul(gram, gram)
            product, gram = ops.matmul(factor, product), ops.matmul(factor, ops.matmul(gram, factor))
        return ops.matmul(product, x) if wide else ops.matmul(x, product)
