"""Records of runs, published numbers, statistics and tables."""
