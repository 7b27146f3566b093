"""The HTTP server: application, middleware, routes and the services behind them."""
