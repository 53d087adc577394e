"""Amazon Bedrock's wire formats, and what they share."""
