"""What takes longer than a hop: jobs by subject, the tick that asks for them, the processes that run them."""
