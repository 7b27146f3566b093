"""The architecture implied by the name of a weights file."""

from __future__ import annotations

import re

# In the order they are looked for, in lower case: the first three are VGG-16 pruned or trained for
# other tasks (segmentation, salient objects), as users of neural-style-pt have them.
_WORDS = (
    (re.compile(r"pruning|pruned"), "vgg16-pruned"),
    (re.compile(r"fcn32s"), "vgg16"),
    (re.compile(r"(?<![a-z])sod(?![a-z])"), "vgg16"),
    (re.compile(r"vgg[-_ ]?19"), "vgg19"),
    (re.compile(r"vgg[-_ ]?16"), "vgg16"),
    (re.compile(r"vgg.*19|19.*vgg"), "vgg19"),
    (re.compile(r"vgg.*16|16.*vgg"), "vgg16"),
    (re.compile(r"(?<![a-z])nin(?![a-z])"), "nin"),
)


def architecture_in_name(name: str) -> str | None:
    """Return the architecture a file called ``name`` is likely to hold: "vgg19", "vgg16", "vgg16-pruned",
    "nin", or None where the name does not say ("VGG19_finetuned.pth" does, "vgg_conv.pth" does not).
    """
    text = name.lower()
    return next((architecture for word, architecture in _WORDS if word.search(text)), None)
