"""The data sets that can be read, one a file, and what reading them shares."""
