"""``python -m impasto.studio.worker``: run a worker process."""

import sys

from impasto.studio.worker.process import main

sys.exit(main())
