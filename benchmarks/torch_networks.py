"""The same networks in plain PyTorch, written from the published formulas as a user of PyTorch would."""

import torch
from torch import nn
from torch.nn import functional

from benchmarks.networks import CCP_RANK, NCP_BLOCKS, NCP_WIDTHS
from zoo.architectures.polynet import KERNELS, PADDINGS, STRIDES


class Polynet(nn.Module):
    """Five products of two convolutions, then one linear layer."""

    def __init__(self):
        super().__init__()
        filters = [16 * 2**index for index in range(len(KERNELS))]
        sizes = list(zip(KERNELS, [3, *filters[:-1]], filters, STRIDES, PADDINGS, strict=True))
        self.first, self.second = (
            nn.ModuleList(nn.Conv2d(old, new, kernel, stride, padding) for kernel, old, new, stride, padding in sizes)
            for _ in range(2)
        )
        self.head = nn.LazyLinear(10)

    def forward(self, x):
        for first, second in zip(self.first, self.second, strict=True):
            x = first(x) * second(x)
        return self.head(x.flatten(1))


class NCPBlock(nn.Module):
    """y = s + α f ∗ s."""

    def __init__(self, old, new, stride):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(old, new, 5, stride, 2, bias=False), nn.BatchNorm2d(new))
        self.second = nn.Sequential(nn.Conv2d(old, new, 1, stride, bias=False), nn.BatchNorm2d(new))
        self.alpha = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        second = self.second(x)
        return second + self.alpha * (self.first(x) * second)


class NCP(nn.Sequential):
    """Stem, stages of blocks, mean over all places, linear layer."""

    def __init__(self):
        blocks, old = [nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64)], 64
        for stage, (count, new) in enumerate(zip(NCP_BLOCKS, NCP_WIDTHS, strict=True)):
            for index in range(count):
                blocks.append(NCPBlock(old, new, 2 if stage and not index else 1))
                old = new
        super().__init__(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(old, 10))


class CCP(nn.Module):
    """x₁ = U₁ᵀ z; xₙ = (Uₙᵀ z) ∗ xₙ₋₁ + xₙ₋₁; y = C x + β."""

    def __init__(self, degree):
        super().__init__()
        self.factors = nn.ModuleList(nn.Linear(784, CCP_RANK, bias=False) for _ in range(degree))
        self.head = nn.Linear(CCP_RANK, 10)

    def forward(self, x):
        z = x.flatten(1)
        y = self.factors[0](z)
        for factor in self.factors[1:]:
            y = factor(z) * y + y
        return self.head(y)


class BasicBlock(nn.Module):
    """Two convolutions around a shortcut, with ReLU."""

    def __init__(self, old, new, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(old, new, 3, stride, 1, bias=False),
            nn.BatchNorm2d(new),
            nn.ReLU(),
            nn.Conv2d(new, new, 3, 1, 1, bias=False),
            nn.BatchNorm2d(new),
        )
        shortcut = [nn.Conv2d(old, new, 1, stride, bias=False), nn.BatchNorm2d(new)] if stride > 1 else []
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x):
        return functional.relu(self.body(x) + self.shortcut(x))


class ResNet20(nn.Sequential):
    """Three stages of three blocks."""

    def __init__(self):
        blocks, old = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
        for stage, new in enumerate((16, 32, 64)):
            for index in range(3):
                blocks.append(BasicBlock(old, new, 2 if stage and not index else 1))
                old = new
        super().__init__(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


NETWORKS = {
    "polynet": Polynet,
    "ncp": NCP,
    "ccp_3": lambda: CCP(3),
    "ccp_16": lambda: CCP(16),
    "resnet20": ResNet20,
}
