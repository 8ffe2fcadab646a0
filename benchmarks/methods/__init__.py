"""The methods that are compared: learners, baselines and other libraries."""
