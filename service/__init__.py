"""HTTP: routes, schemas, and errors turned into responses."""
