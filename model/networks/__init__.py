"""The four networks: encoder, decoder, splitter and merger."""
