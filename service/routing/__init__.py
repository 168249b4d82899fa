"""What every route is made of: its router, its request and the parameters that routes share."""
