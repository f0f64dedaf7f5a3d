"""Metal with voids that vacancies move: their field, the moving void surface, births at a contact."""
