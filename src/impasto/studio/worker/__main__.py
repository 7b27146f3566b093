"""``python -m impasto.studio.worker``: run a worker process."""

import sys

from impasto.threads import let_threads_sleep

let_threads_sleep()  # before anything imports torch

from impasto.studio.worker.process import main  # noqa: E402

sys.exit(main())
