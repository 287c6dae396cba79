"""The measurements of `critdamp bench`: cases, limits and timing."""
