"""The web application and its page."""
