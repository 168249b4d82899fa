"""What a training run needs beside its mathematics: its processes, its batches in time, its records."""
