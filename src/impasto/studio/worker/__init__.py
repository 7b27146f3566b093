"""What paints accepted jobs, sends webhooks and removes what is no longer kept."""
