# %% [markdown]
# # What does the network see?
#
# A lesson in five steps, on scikit-image's cup of coffee (by Rachel Michetti, CC0) and a tissue section.
# It runs as a script, `python examples/inside.py [SIZE]`, and leaves its figures in `out/`; each `# %%` is a
# cell for a notebook, where the last line of a cell shows its figure.
"""A lesson in five steps: feature maps, content, style, the walk from noise, and what is left to explain."""

# %%
from __future__ import annotations

import sys
from pathlib import Path

import skimage.data

import impasto
from impasto.inspection import Recorder, figures, gram_matrices, shuffled
from impasto.pipelines import inspect as inspections

SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 224
STEPS = 5 if SIZE < 128 else 80
OUT = Path("out")
OUT.mkdir(exist_ok=True)
photo, painting = skimage.data.coffee(), skimage.data.immunohistochemistry()

# %% [markdown]
# ## 1. Feature maps
# Question: from which layer on can you no longer tell the cup's handle? Compare with the receptive field.

# %%
seen = inspections.features(photo, size=SIZE, top=4)
for view in seen.views:
    print(f"{view.layer}: {view.channels} maps of {view.size}, a position sees {view.field} px")
figure = figures.draw_features(seen.views, seen.photo)
figures.save_figure(figure, OUT / "inside-1-features.png")

# %% [markdown]
# ## 2. Content and style, one layer at a time (Gatys et al. 2015, figure 1)
# Question: what does the deepest content reconstruction keep, and what has it lost?

# %%
made = inspections.reconstruct(photo, painting, size=SIZE, iterations=STEPS)
figure = figures.draw_reconstructions(made.photo, made.painting, made.content, made.style)
figures.save_figure(figure, OUT / "inside-2-reconstructions.png")

# %% [markdown]
# ## 3. Why Gram matrices are style
# Everything changes its place; the Gram matrix stays. Question: which line of the definition says so?

# %%
network = inspections.find_network("tiny")
small = inspections.find_photo(photo, SIZE)
mixed = shuffled(network, small, "relu3_1")
print(f"shuffled: content changed by {mixed.content:.2f}, the Gram matrix by {mixed.gram:.0e}")
assert mixed.gram < 1e-4 < mixed.content
gram = gram_matrices(network, small, "relu3_1")["relu3_1"]
print(f"its Gram matrix is {gram.shape[0]} x {gram.shape[1]}, whatever the photograph's size")

# %% [markdown]
# ## 4. The walk from noise to painting
# Question: which loss falls first, and at which layer is the picture still furthest from the style?

# %%
recorder = Recorder(every=max(1, STEPS // 10))
result = impasto.stylize(
    photo,
    painting,
    size=SIZE,
    init="noise",
    noise=0.1,
    min_size=0,
    detail=0.0,
    iterations=STEPS,
    on_progress=recorder,
)
result.save(OUT / "inside-4-painting.png")
figures.save_figure(figures.draw_losses(recorder.log()), OUT / "inside-4-losses.png")
figure = figures.draw_strip(recorder.frames, columns=5)
figures.save_figure(figure, OUT / "inside-4-walk.png")

# %% [markdown]
# ## 5. Did the network have to learn anything?
# The same transfer by a network of random weights. Question: what is missing, and what is there all the same?

# %%
options = impasto.OptimizeOptions(size=SIZE, iterations=max(2, STEPS // 4), coarse_iterations=None)
results, shown, style = inspections.compare_networks(photo, painting, ["tiny", "untrained"], options=options)
figure = figures.draw_networks(results, shown, style)
figures.save_figure(figure, OUT / "inside-5-networks.png")
print(f"See {OUT.resolve()}")
