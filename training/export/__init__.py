"""A finished run turned into files that others load, and what is said of them."""
