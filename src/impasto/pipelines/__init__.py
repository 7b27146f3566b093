"""Complete tasks from files to files: photographs, batches, films, training, export, inspection."""
