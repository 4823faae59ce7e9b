"""The doors of the house: callbacks, pages, the command line, and what a process is made of."""
