"""Work from files to files: photographs, batches, films, training, export, inspection."""
