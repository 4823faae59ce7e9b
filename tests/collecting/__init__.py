"""Cash between a member's hand and the till: who takes it, what is said of it, and that none of it gets lost."""
