"""Style transfer by optimisation: losses of a network with their gradients, and what minimises them.

    picture = fp.optimise.neural_style(photo, painting)
    result = fp.optimise.deep_photo(content, style, content_mask=..., style_mask=...)

`LossNetwork`, `NetworkLoss` and the other terms are the parts of losses of your own: an `Objective` of terms gives
value and gradient, `Lbfgs` and `Adam` step.
"""

from fastphoto_native.optimise.adam import Adam, AdamSettings
from fastphoto_native.optimise.lbfgs import Lbfgs, LbfgsSettings
from fastphoto_native.optimise.memory import memory_needed
from fastphoto_native.optimise.network import CAFFE, TORCHVISION, LossNetwork, Preprocessing
from fastphoto_native.optimise.network_loss import ContentTarget, Features, NetworkLoss, StyleTarget, gram_matrix
from fastphoto_native.optimise.neural_style import deep_photo, losses, neural_style
from fastphoto_native.optimise.presets import METHODS, PRESETS, Preset, Stage, find_preset
from fastphoto_native.optimise.report import Evaluation, TransferReport
from fastphoto_native.optimise.terms import MattingLaplacian, Objective, OutOfRange, Term, TotalVariation
from fastphoto_native.optimise.weights import embedded_network, read_network

__all__ = [
    "CAFFE",
    "METHODS",
    "PRESETS",
    "TORCHVISION",
    "Adam",
    "AdamSettings",
    "ContentTarget",
    "Evaluation",
    "Features",
    "Lbfgs",
    "LbfgsSettings",
    "LossNetwork",
    "MattingLaplacian",
    "NetworkLoss",
    "Objective",
    "OutOfRange",
    "Preprocessing",
    "Preset",
    "Stage",
    "StyleTarget",
    "Term",
    "TotalVariation",
    "TransferReport",
    "deep_photo",
    "embedded_network",
    "find_preset",
    "gram_matrix",
    "losses",
    "memory_needed",
    "neural_style",
    "read_network",
]
