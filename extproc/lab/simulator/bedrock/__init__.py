"""Amazon Bedrock, as the simulator plays it."""
