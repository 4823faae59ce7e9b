"""The conversation by SMS: one message in, one answer out."""
