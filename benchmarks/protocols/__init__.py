"""How one method is measured on the data of one task, by kind."""
