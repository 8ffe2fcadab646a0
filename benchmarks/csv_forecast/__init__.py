"""From a CSV file to a forecast: read, check, learn, compare, write a table and a page."""
