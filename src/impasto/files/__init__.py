"""Files and folders, on this machine and in stores: read, written whole, fingerprinted."""
