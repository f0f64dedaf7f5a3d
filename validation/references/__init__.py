"""Independent references: closed forms and small solvers that share no code with the engines."""
