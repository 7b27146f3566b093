"""Workers: they paint accepted jobs, send webhooks and delete expired data."""
