"""How much memory an optimisation takes, from its sizes, before it starts."""

from __future__ import annotations

from fastphoto_native.optimise.lbfgs import LbfgsSettings
from fastphoto_native.optimise.network import LossNetwork, layer_size
from fastphoto_native.optimise.presets import Preset
from fastphoto_native.optimise.targets import choose_layers

FIXED = 2.5e8  # the runtime, its library and the photos' files
MATTING = 260  # bytes a pixel: affinity, multigrid and the fields of a solve


def memory_needed(preset: Preset, network: LossNetwork, size: tuple[int, int]) -> int:
    """An estimate of the most memory of a process in bytes, for a picture of the given size.

    Activations are kept for the gradient, and a byte for each of their values that says where they are positive. Beside
    them the largest layer has several copies under way, in the runtime's layout and in ours.
    """
    layers = choose_layers(preset, network)
    kept, largest = 0, 0
    for name in network.up_to([*layers.style, *layers.content]):
        height, width = layer_size(network, name, size)
        features = network.channels(name) * height * width
        kept += features
        largest = max(largest, features)
    pixels = size[0] * size[1]
    history = max(2 * s.optimiser.history if isinstance(s.optimiser, LbfgsSettings) else 2 for s in preset.stages)
    matting = MATTING if any(stage.matting_weight for stage in preset.stages) else 0
    return round(FIXED + 5 * kept + 24 * largest + (12 * (history + 12) + matting) * pixels)
