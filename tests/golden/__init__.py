"""What every command makes, small and at few iterations, held against what it made when it was recorded.

The commands are those a person types, on pictures made here; nothing of Impasto is imported, so that the
measure holds while modules move. On the kind of machine that recorded them, pixels must be the same bit for
bit; on others, a reduced copy must be near. After a change that is meant to change a picture:

    python -m tests.golden                          # run all commands, say what differs and by how much
    python -m tests.golden --record NAME ...        # record these again; without names, all of them
"""
