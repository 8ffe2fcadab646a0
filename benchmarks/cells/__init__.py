"""One cell of a run: what decides its result, and the machine and process that compute it."""
