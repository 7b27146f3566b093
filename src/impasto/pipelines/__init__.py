"""From files to files: photographs, batches, videos, training, export, inspection."""
