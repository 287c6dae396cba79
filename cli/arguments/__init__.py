"""Arguments: options shared by commands, and the plan that they describe."""
