"""What the functions of the routes take: dependencies, and the query parameters that several of them share."""
