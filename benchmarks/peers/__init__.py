"""Other programs that paint any photograph like any painting, beside ours, in one run.

    python -m benchmarks.peers --peers FOLDER --shared ../shared --judge FOLDER --output FOLDER

``docs/peers.md`` says how to get the peers, what is measured and what it gave.
"""
