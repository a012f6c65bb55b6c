"""A made-up trust and its people, for the demonstration and as a pattern to copy."""
