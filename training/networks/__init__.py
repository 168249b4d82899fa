"""Changes of networks after which they compute what they computed before."""
