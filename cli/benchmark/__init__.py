"""What `critdamp bench` measures, and beside which limits."""
