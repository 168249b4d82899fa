"""From published data sets to labelled crops that training reads."""
