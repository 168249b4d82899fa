"""Whether two photographs are told to show one person."""
