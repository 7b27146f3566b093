"""A stand-in for ``impasto``: records its arguments and environment, shows progress, copies a picture."""

import json
import os
import shutil
import sys
import time
from pathlib import Path

arguments = sys.argv[2:]
behaviour = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
record = {"arguments": arguments, "environment": dict(os.environ), "pid": os.getpid()}
with Path(behaviour["record"]).open("a", encoding="utf-8") as stream:
    stream.write(json.dumps(record) + "\n")
print(json.dumps({"event": "started"}), flush=True)
if behaviour.get("refuse"):
    print("impasto: warning: beside the point", file=sys.stderr)
    print(f"impasto: {behaviour['refuse']}", file=sys.stderr)
    sys.exit(2)
for step in range(1, 5):
    line = {"done": step / 4, "step": step, "stage": "strokes", "left": 4.0 - step}
    print(json.dumps(line), flush=True)
while behaviour.get("for_ever"):
    print(json.dumps({"done": 0.5, "step": 2}), flush=True)
    time.sleep(0.02)
output = Path(arguments[arguments.index("-o") + 1])
if arguments[0] == "video":
    output.mkdir()
    for frame in sorted(Path(arguments[1]).iterdir()):
        shutil.copy(frame, output / frame.name)
elif not behaviour.get("forgetful"):
    shutil.copy(arguments[1], output)
print(json.dumps({"output": str(output), "seconds": 0.1}), flush=True)
