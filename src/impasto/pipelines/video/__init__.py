"""Films painted: a clip read, its frames painted so that they fit together, and written, with its sound."""
