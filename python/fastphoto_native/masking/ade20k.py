"""Which labels of ADE20K are one kind of thing for a look, and which kind stands in where a photo lacks another.

ADE20K (Zhou et al., CVPR 2017) tells 150 things apart, far more than looks need: a lake and a sea have the same light.
docs/masks.md shows these tables.
"""

from __future__ import annotations

# Kinds, their colours in mask files, and the labels of ADE20K that belong to them, by their first name.
KINDS: dict[str, tuple[int, str]] = {
    "sky": (0x4682B4, "sky"),
    "building": (
        0x8C6E5A,
        "building house skyscraper tower hovel wall windowpane door column arcade bridge fence railing stairs stairway "
        "bannister awning canopy signboard booth grandstand pier fountain sculpture tent escalator stage ceiling",
    ),
    "ground": (0xC8AA78, "road sidewalk earth path dirt sand runway land step floor rug"),
    "vegetation": (0x2E8B57, "tree grass plant field palm flower"),
    "water": (0x1E50C8, "water sea river lake waterfall pool swimming"),
    "mountain": (0x787878, "mountain rock hill"),
    "person": (0xDC5050, "person apparel"),
    "vehicle": (0xA03CA0, "car bus truck boat van ship airplane minibike bicycle"),
    "light": (0xFFDC64, "lamp chandelier streetlight light sconce traffic"),
    "interior": (
        0xB4B4DC,
        "bed cabinet table curtain chair painting sofa shelf mirror armchair seat desk wardrobe bathtub cushion base "
        "box chest counter sink fireplace refrigerator case pillow screen bookcase blind coffee toilet book bench "
        "countertop stove kitchen computer swivel bar towel television ottoman bottle buffet poster conveyer washer "
        "plaything stool barrel basket bag cradle oven ball food tank trade microwave pot animal dishwasher blanket "
        "hood vase tray ashcan fan crt plate monitor bulletin shower radiator glass clock flag pole",
    ),
    "other": (0x000000, "other unlabeled background void"),
}

# Where the style has too little of a kind, the content's takes the look of the first of these that the style has.
STAND_INS: dict[str, tuple[str, ...]] = {
    "sky": (),
    "building": ("interior", "ground", "mountain", "vegetation"),
    "ground": ("mountain", "vegetation", "building", "water"),
    "vegetation": ("ground", "mountain", "building"),
    "water": ("ground", "sky"),
    "mountain": ("ground", "vegetation", "building"),
    "person": ("interior", "building", "vegetation", "ground"),
    "vehicle": ("building", "ground"),
    "light": ("building", "interior"),
    "interior": ("building", "ground"),
    "other": ("building", "ground", "vegetation", "mountain", "interior"),
}

_KIND_OF = {name: kind for kind, (_, names) in KINDS.items() for name in names.split()}


def kind_of(label: str) -> str | None:
    """The kind of a label of ADE20K such as "building;edifice" or "swimming pool"; None for one that is unknown."""
    name = label.replace(",", ";").split(";")[0].strip().lower()
    return _KIND_OF.get(name) or _KIND_OF.get(name.split(" ")[0])
