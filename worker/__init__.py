"""Inference behind one interface: in this process, or on workers elsewhere."""
