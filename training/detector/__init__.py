"""Training of the detector network: teacher's labels, composed pictures, loss, loop."""
