"""What happens when someone does something: one module per capability, plain synchronous functions."""
