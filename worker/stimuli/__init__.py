"""Kinds of sets of drawn faces for experiments: what decides a set, and the faces that it has."""
