"""What a face embedding is: its parts, the networks that make and draw it, and the pictures they see."""
