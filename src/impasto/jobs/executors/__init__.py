"""Executors of jobs: this process, processes on this machine, and a Ray cluster."""
