"""`ramu storm`: the whole gateway under load while its processes are killed, judged by what the outside world saw."""
