"""Put a trained student into the package, in float16, and measure it.

    python -m recipes.tiny_encoder.export --data DATA --teachers WEIGHTS --run runs/tiny

Filters keep the scale they were trained with: made to respond alike, as in Gatys's normalised
VGG-19, pictures came out a little further from the style at equal content distance. The figures are
for the float16 weights as they ship, through the heads as trained, on the held-out tenth of the
photographs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

import impasto
from impasto import weights
from impasto.encoders.network import CENTRED, TINY, Encoder
from recipes.tiny_encoder.data import load
from recipes.tiny_encoder.teachers import LAYERS, Teachers
from recipes.tiny_encoder.train import Student, correlations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    package = Path(impasto.__file__).parent / "weights" / "data" / "tiny.safetensors"
    parser.add_argument("--output", type=Path, default=package)
    parser.add_argument("--no-figures", action="store_true", help="do not measure")
    options = parser.parse_args()
    photos = load(options.data / "content_train", held=False)
    teachers = Teachers(options.teachers)
    teachers.measure(photos[::16])
    state = torch.load(options.run / "checkpoint.pt", weights_only=True)
    student = Student({name: teachers.means[name].shape[1] for name in LAYERS})
    student.load_state_dict(state["student"])
    trunk = {n: t.half().numpy() for n, t in student.encoder.state_dict().items()}
    stored = weights.save_network(
        options.output,
        trunk,
        name="tiny",
        convention="centred",
        padding="reflect",
        licence="MIT",
        source=f"trained for Impasto by recipes/tiny_encoder, {state['step']} steps",
        half=True,
    )
    print(f"{options.output}: {stored.size} bytes, step {state['step']}")
    if options.no_figures:
        return
    shipped = Encoder(TINY, CENTRED, padding="reflect")
    shipped.load_state_dict({n: torch.from_numpy(t).float() for n, t in trunk.items()})
    student.encoder.load_state_dict(shipped.state_dict())
    found = correlations(student, teachers, load(options.data / "content_train", held=True))
    figures = {"step": state["step"], "correlation": {n: round(v, 4) for n, v in found.items()}}
    (options.run / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
