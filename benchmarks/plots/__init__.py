"""The pictures of the report: functions of the results of one task that return a figure."""
