"""Where jobs run: in this process, in processes on this machine, on a Ray cluster."""
