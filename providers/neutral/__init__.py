"""What is meant, whoever says it."""
