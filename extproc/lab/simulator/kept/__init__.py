"""What a simulated provider keeps: files, batches, stored answers, and all that has an id."""
