"""One cell of a run: a method on a task with a seed, and where it is computed."""
