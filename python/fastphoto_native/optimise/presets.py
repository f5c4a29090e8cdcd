"""Every constant of the published systems and of our fast ways to the same loss, in one place.

A term of the style is  weight * style_factor * mean over the matrix of (G - A)^2,  times the label's share of the
picture. A term of the content is  weight * content_factor * (mean or sum) of (F - P)^2. What the papers leave open is
taken from the authors' code; docs/family.md says where the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from fastphoto_native.errors import ArgumentError
from fastphoto_native.optimise.adam import AdamSettings
from fastphoto_native.optimise.lbfgs import LbfgsSettings
from fastphoto_native.optimise.network import Padding, Pooling

Method = Literal["gatys", "dpst"]
METHODS: tuple[Method, ...] = ("gatys", "dpst")
PresetName = Literal["paper", "authors-code", "fast"]
PRESETS: tuple[PresetName, ...] = ("paper", "authors-code", "fast")
MissingLabels = Literal["skip", "merge"]
MISSING_LABELS: tuple[MissingLabels, ...] = ("skip", "merge")
Start = Literal["content", "noise", "photowct"]
STARTS: tuple[Start, ...] = ("content", "noise", "photowct")

FIVE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


@dataclass(frozen=True)
class Stage:
    """One minimisation.

    Attributes:
        evaluations: of the loss and its gradient.
        optimiser: how to step.
        share: of the working size.
        matting_weight: of x . L x, colours in 0..1.
        preconditioned: our smoother's solver, (c D + matting_weight L)^-1, is L-BFGS's first guess of the inverse
            Hessian. It needs a matting weight.
    """

    evaluations: int
    optimiser: LbfgsSettings | AdamSettings
    share: float = 1.0
    matting_weight: float = 0.0
    preconditioned: bool = False


@dataclass(frozen=True)
class Preset:
    """A system's constants.

    Attributes:
        style_layers: those whose Gram matrices count, as far as the network has them.
        style_weight: of each style layer, summed over labels.
        style_per_channel: divide the weight by the square of a layer's channels, as Gatys' notebook does.
        style_factor: see above.
        gram_divisor: of a Gram matrix: the label's pixels, or channels * pixels.
        content_layers: those whose features count, as far as the network has them.
        content_weight: of each content layer.
        content_factor: see above.
        content_sum: sum instead of mean.
        total_variation: weight of the squared differences between neighbours, white being pixel_scale.
        range_weight: of the squares of what lies outside 0..1.
        pooling: of the loss network.
        ceil: of the loss network.
        padding: of the loss network.
        pixel_scale: white, for networks that count to 255.
        activations: "one": each layer is rescaled to a mean activation of 1 on the two photos; "caffe": a network of
            another scale is rescaled to the means that Caffe's VGG-19 has on photos.
        masks: at the layers: "downsampled", or "convolved": also averaged over 3 x 3 at each convolution, zeros around.
        missing_labels: labels of the content that the style lacks: "skip": no style there; "merge": they join the label
            with which they share most of their border.
        start: the first picture.
        noise: deviation of that noise, white being 1.
        working_side: pixels of `working_axis` of both photos.
        working_axis: which side that is.
        stages: minimisations, one after the other.
        polish: finish with the bilateral affine filter.
    """

    style_layers: tuple[str, ...] = FIVE_LAYERS
    style_weight: float = 1.0
    style_per_channel: bool = False
    style_factor: float = 1.0
    gram_divisor: Literal["pixels", "channels * pixels"] = "channels * pixels"
    content_layers: tuple[str, ...] = ("relu4_2",)
    content_weight: float = 1.0
    content_factor: float = 1.0
    content_sum: bool = False
    total_variation: float = 0.0
    range_weight: float = 0.0
    pooling: Pooling = "max"
    ceil: bool = False
    padding: Padding = "zero"
    pixel_scale: float = 255.0
    activations: Literal["one", "caffe"] = "caffe"
    masks: Literal["downsampled", "convolved"] = "downsampled"
    missing_labels: MissingLabels = "skip"
    start: Start = "noise"
    noise: float = 1e-4
    working_side: int = 512
    working_axis: Literal["long", "short"] = "long"
    stages: tuple[Stage, ...] = ()
    polish: bool = False


# Gatys, Ecker, Bethge, CVPR 2016: content 1/2 sum, style 1/(4 N^2 M^2) sum with w_l = 1/5, alpha / beta = 1e-3, average
# pooling, mean activation 1, white noise.
GATYS_PAPER = Preset(
    style_weight=1 / 5,
    style_factor=1 / 4,
    gram_divisor="pixels",
    content_weight=1e-3,
    content_factor=1 / 2,
    content_sum=True,
    pooling="average",
    activations="one",
    noise=0.2,
    stages=(Stage(500, LbfgsSettings(history=100)),),
)

# leongatys/PytorchNeuralStyleTransfer: Gram / pixels, MSE * 1e3 / n^2, content MSE, max pooling, start: the content.
GATYS_CODE = Preset(
    style_weight=1e3,
    style_per_channel=True,
    gram_divisor="pixels",
    activations="one",
    start="content",
    working_axis="short",
    stages=(Stage(500, LbfgsSettings(history=100)),),
)

_SEARCH = LbfgsSettings(history=8, line_search=True)

# Ours: the code's losses with a hundred times the style, from the content, first at half the size, within 0..1.
GATYS_FAST = replace(
    GATYS_CODE,
    style_weight=1e5,
    range_weight=1e2,
    working_axis="long",
    stages=(Stage(60, _SEARCH, share=0.5), Stage(40, _SEARCH)),
)

# Luan et al., CVPR 2017: Gamma = 1e2 with beta_l = 1/5, both factors 1/2, lambda = 1e4; labels that the style lacks are
# mapped to others. Two stages and the last filter are the released code's.
DPST_PAPER = Preset(
    style_weight=1e2 / 5,
    style_factor=1 / 2,
    content_factor=1 / 2,
    missing_labels="merge",
    working_side=700,
    stages=(
        Stage(1000, LbfgsSettings(history=100)),
        Stage(1000, LbfgsSettings(history=100), matting_weight=1e4),
    ),
    polish=True,
)

# luanfujun/deep-photo-styletransfer: weight 100 for each layer, content 5, total variation 1e-3 on half the squares,
# white 256, pooling that rounds up, soft masks, noise of 1e-4 (of 256) as the start.
DPST_CODE = replace(
    DPST_PAPER,
    style_weight=100.0,
    style_factor=1.0,
    content_weight=5.0,
    content_factor=1.0,
    total_variation=0.5e-3,
    ceil=True,
    pixel_scale=256.0,
    masks="convolved",
    missing_labels="skip",
    noise=1e-4 / 256,
    stages=(
        Stage(1000, LbfgsSettings(history=100, scale=256.0)),
        Stage(1000, LbfgsSettings(history=100, scale=256.0), matting_weight=1e4),
    ),
)

# Ours: the paper's loss within 0..1, from PhotoWCT's photo, first at half the size, preconditioned by the smoother. The
# last filter would raise the loss.
DPST_FAST = replace(
    DPST_PAPER,
    start="photowct",
    range_weight=3e4,
    polish=False,
    stages=(
        Stage(60, _SEARCH, share=0.5, matting_weight=1e4, preconditioned=True),
        Stage(60, _SEARCH, matting_weight=1e4, preconditioned=True),
    ),
)

_ALL: dict[tuple[str, str], Preset] = {
    ("gatys", "paper"): GATYS_PAPER,
    ("gatys", "authors-code"): GATYS_CODE,
    ("gatys", "fast"): GATYS_FAST,
    ("dpst", "paper"): DPST_PAPER,
    ("dpst", "authors-code"): DPST_CODE,
    ("dpst", "fast"): DPST_FAST,
}


def find_preset(method: Method, name: PresetName | Preset) -> Preset:
    """A preset by its name; one that is given as such is returned.

    Raises:
        ArgumentError: an unknown name.
    """
    if isinstance(name, Preset):
        return name
    if (method, name) not in _ALL:
        raise ArgumentError(
            f"method must be one of {', '.join(METHODS)} and preset one of {', '.join(PRESETS)}, "
            f"got {method!r}, {name!r}"
        )
    return _ALL[method, name]
