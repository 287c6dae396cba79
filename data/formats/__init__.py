"""The files that critdamp writes: what is inside, and how they are opened."""
