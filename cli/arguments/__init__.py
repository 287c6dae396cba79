"""Arguments: options that commands share, and the plan that they describe."""
